// A validator of OpenAPI documents, asked one thing and then done. In: a document on standard input.
// Out: a JSON object on standard output: the version it is valid for, or what is wrong with it.
import { readFileSync } from "node:fs";

import { Validator } from "@seriousme/openapi-schema-validator";

const document = JSON.parse(readFileSync(0, "utf8"));
const validator = new Validator();
const { valid, errors } = await validator.validate(document);
process.stdout.write(JSON.stringify(valid ? { version: validator.version } : { errors }));
