package policy

// Settle looks up the facts that a decision needs, one after the other, until it is
// made, and stores them in known. It returns errors of find without a decision.
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
