import { verifies } from "../hooks/verifies.ts";

verifies();
