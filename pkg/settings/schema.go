package settings

import _ "embed" // embeds the schema

// Schema is the JSON schema of the file, for editors. It asks of each field what
// ParseFile asks of it, but nothing of fields together.
//
//go:embed schema.json
var Schema []byte
