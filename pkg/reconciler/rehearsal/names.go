package rehearsal

// planComment is the key of the plan comment in status.comments.
const planComment = "plan"
