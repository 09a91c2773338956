/** What is wrong in a file, and where, as compilers say it. */
export interface FileComplaint {
  /** As it was named on the command line. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 units, as editors count. */
  column: number;
  /** The field's, such as "jobs.nightly.run.image"; null where no field is meant. */
  path: string | null;
  /** A sentence that goes on after the path, or stands alone. */
  message: string;
}
