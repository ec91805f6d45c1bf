package policy

// Settle finds out what a decision needs, one fact after the other, until it is
// made, and remembers it in known. An error of find is one of Settle, and no
// decision.
func Settle(decide func(Facts) Decision, known Facts, find func(Fact) (Answer, error)) (Decision, error) {
	for {
		d := decide(known)
		if d.Need == nil {
			return d, nil
		}
		answer, err := find(*d.Need)
		if err != nil {
			return Decision{}, err
		}
		known[*d.Need] = answer
	}
}
