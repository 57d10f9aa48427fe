(* Judges traces of critical sections with the step checker extracted from Coq.

   usage: check_trace [FILE]        (standard input without FILE)

   A trace is text, one critical section a line; words are separated by blanks, and
   what follows '#' is a comment. Threads and segments are numbered from 0, a block
   is SEGMENT:SLOT, and OBSERVED is the number of segments that the thread remembers
   when it goes on to grow, or '-' when its operation is done.

     slab CAPACITY all|new lowest|any THREADS BATCH [ADDRESS...]
                                          a new execution; the initial segments'
                                          addresses; BATCH is the greatest batch
     start T N OBSERVED [BLOCK...]        phase 1 of a batch of N; what it took
     reuse T [BLOCK...]                   phase 3, its segment let go
     install T ADDRESS OBSERVED [BLOCK...]
                                          phase 3, its segment installed; blocks of
                                          older segments first
     refused T [BLOCK...]                 phase 3 after the backing refused
     free T [BLOCK...]                    blocks given back in one critical section
     claim T SEGMENT                      a trim takes a wholly free segment out
     release T SEGMENT                    and puts it back
     give T U BLOCK                       a block changes hands; no critical section
     unknown T                            a critical section that is none of the above:
                                          rejected
     end SEGMENTS PEAK                    the execution ended; what the code counted
     stopped                              it was stopped before its end

   Exit code: 0 every execution is one of the proved system, 1 one is not, 2 bad
   input. The last line of output is the summary. *)

open Checker

exception Malformed of string
exception Rejected of string

type execution = { config : config; mutable state : state; mutable peak : int }

type totals = {
  mutable executions : int;
  mutable steps : int;
  mutable greatest_over_growth : int;
}

let number word =
  match int_of_string_opt word with
  | Some n when n >= 0 -> n
  | _ -> raise (Malformed ("not a natural number: " ^ word))

let block word =
  match String.split_on_char ':' word with
  | [ segment; slot ] -> (number segment, number slot)
  | _ -> raise (Malformed ("not a block SEGMENT:SLOT: " ^ word))

let observed = function "-" -> None | word -> Some (number word)

let scope = function
  | "all" -> AllSegments
  | "new" -> NewSegments
  | word -> raise (Malformed ("not a re-check scope: " ^ word))

let choice = function
  | "lowest" -> true
  | "any" -> false
  | word -> raise (Malformed ("not a choice of segment: " ^ word))

let config_of capacity recheck first threads batch addresses =
  let capacity = number capacity in
  let addresses = List.map number addresses in
  if capacity = 0 then raise (Malformed "capacity 0");
  if List.length (List.sort_uniq compare addresses) <> List.length addresses then
    raise (Malformed "two initial segments at one address");
  {
    capacity;
    recheck = scope recheck;
    lowest_first = choice first;
    reentrant = false;
    max_batch = number batch;
    thread_count = number threads;
    initial_addresses = addresses;
  }

(* The blocks of an install: those of the new segment are named by its index. *)
let split_install segments blocks =
  List.partition (fun (segment, _) -> segment < segments) blocks

let action_of execution words =
  match words with
  | "start" :: t :: n :: length :: blocks ->
      Start (number t, number n, List.map block blocks, observed length)
  | "reuse" :: t :: blocks -> Reuse (number t, List.map block blocks)
  | "install" :: t :: address :: length :: blocks ->
      let segments = List.length execution.state.segments in
      let old, fresh = split_install segments (List.map block blocks) in
      Install (number t, old, number address, fresh, observed length)
  | "refused" :: t :: blocks -> Refused (number t, List.map block blocks)
  | "free" :: t :: blocks -> Free (number t, List.map block blocks)
  | [ "claim"; t; segment ] -> TrimClaim (number t, number segment)
  | [ "release"; t; segment ] -> TrimRelease (number t, number segment)
  | [ "give"; t; u; b ] -> Give (number t, number u, block b)
  | _ -> raise (Malformed "not a step")

let step totals execution words =
  match check_step execution.config execution.state (action_of execution words) with
  | None -> raise (Rejected "the proved system has no such step")
  | Some state ->
      execution.state <- state;
      execution.peak <- max execution.peak (live state);
      totals.steps <- totals.steps + 1

let over_growth execution =
  List.length execution.state.segments - needed execution.config execution.peak

let finish totals execution segments peak =
  let counted = List.length execution.state.segments in
  if counted <> segments then
    raise (Rejected (Printf.sprintf "%d segments, and the code counted %d" counted segments));
  if execution.peak <> peak then
    raise (Rejected (Printf.sprintf "peak live %d, and the code counted %d" execution.peak peak));
  totals.greatest_over_growth <- max totals.greatest_over_growth (over_growth execution)

(* The execution after a line, given the one before it. *)
let judge totals current words =
  match (words, current) with
  | "slab" :: _, Some _ -> raise (Malformed "the execution before this line has no end")
  | "slab" :: capacity :: recheck :: first :: threads :: batch :: addresses, None ->
      let config = config_of capacity recheck first threads batch addresses in
      totals.executions <- totals.executions + 1;
      Some { config; state = initial_state config; peak = 0 }
  | [ "end"; segments; peak ], Some execution ->
      finish totals execution (number segments) (number peak);
      None
  | [ "stopped" ], Some _ -> None
  | [ "unknown"; _ ], Some _ ->
      raise (Rejected "the proved system has no such critical section")
  | _, Some execution ->
      step totals execution words;
      current
  | _, None -> raise (Malformed "a step before any slab line")

let words_of line =
  let text = match String.index_opt line '#' with
    | Some i -> String.sub line 0 i
    | None -> line in
  List.filter (fun word -> word <> "") (String.split_on_char ' ' (String.trim text))

let judge_all channel =
  let totals = { executions = 0; steps = 0; greatest_over_growth = 0 } in
  let complain line_number line what =
    Printf.eprintf "line %d: %s\n  %s\n" line_number what line in
  let rec next current line_number =
    match input_line channel with
    | exception End_of_file ->
        if totals.executions = 0 then (prerr_endline "no execution in the input"; 2)
        else if current <> None then (prerr_endline "the last execution has no end"; 2)
        else 0
    | line -> (
        match words_of line with
        | [] -> next current (line_number + 1)
        | words -> (
            match judge totals current words with
            | current -> next current (line_number + 1)
            | exception Malformed what -> complain line_number line what; 2
            | exception Rejected what -> complain line_number line what; 1)) in
  let started = Sys.time () in
  let code = next None 1 in
  let seconds = Sys.time () -. started in
  Printf.printf "%s: %d executions, %d steps, greatest over-growth %d, %.0f steps/s\n"
    (match code with 0 -> "accepted" | 1 -> "rejected" | _ -> "bad input")
    totals.executions totals.steps totals.greatest_over_growth
    (float_of_int totals.steps /. Float.max seconds 1e-9);
  code

let () =
  match Sys.argv with
  | [| _ |] -> exit (judge_all stdin)
  | [| _; file |] -> (
      match open_in file with
      | channel -> exit (judge_all channel)
      | exception Sys_error what -> prerr_endline what; exit 2)
  | _ -> prerr_endline "usage: check_trace [FILE]"; exit 2
