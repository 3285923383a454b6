namespace KadOrleans.Lab;

// Runs the seeds of each target as they are, then mutations of them, each target for its share of the time. Some remember
// their input, so iterations come in sessions with a new target each. To repeat an iteration, run its session up to it.
internal sealed class FuzzRunner(FuzzOptions options, IReadOnlyList<FuzzTarget> targets, TextWriter output)
{
    /// <summary>Long enough for a table to fill and requests to time out, short enough to be run again in a moment.</summary>
    private const int SessionLength = 256;

    /// <summary>The random sequence of the corpus's own session: no mutation's.</summary>
    private const long CorpusSession = -1;

    /// <summary>Keeps a session's own choices apart from the mutations of the iteration of the same number.</summary>
    private const ulong SessionSeed = 0x5E55_1011;

    private long _iterations;
    private long _accepted;
    private long _refused;

    public int Run() => targets.All(RunTarget) ? 0 : 1;

    private bool RunTarget(FuzzTarget target)
    {
        byte[][] corpus = [.. target.Seeds()];
        var mutator = new Mutator(corpus);
        var clock = Stopwatch.StartNew();
        var limit = TimeSpan.FromSeconds(options.Seconds) * WeightOf(target) / targets.Sum(WeightOf);
        (_iterations, _accepted, _refused) = (0, 0, 0);
        var fine = RunSession(target, CorpusSession, corpus.Select((input, i) => ($"corpus {i}", input)));
        var session = (options.Iteration ?? 0) / SessionLength;
        while (fine && (options.Iteration is null ? clock.Elapsed < limit : _iterations == 0))
        {
            fine = RunSession(target, session, Mutations(mutator, session++, clock, limit));
        }

        if (fine)
        {
            output.WriteLine(
                $"{target.Name}: seed {options.Seed}, {corpus.Length} seeds and {_iterations} iterations, {_accepted} accepted, {_refused} refused");
        }

        return fine;
    }

    // What depends on what came before has as much time as all else: nothing but this runs it for long.
    private int WeightOf(FuzzTarget target) => target.HasChoices ? Math.Max(1, targets.Count - 1) : 1;

    /// <summary>One session's inputs, up to the wanted iteration or until the time is over.</summary>
    private IEnumerable<(string Place, byte[] Input)> Mutations(Mutator mutator, long session, Stopwatch clock, TimeSpan limit)
    {
        var first = session * SessionLength;
        for (var iteration = first; iteration < first + SessionLength; iteration++)
        {
            if (options.Iteration is { } last ? iteration > last : clock.Elapsed >= limit)
            {
                yield break;
            }

            _iterations++;
            var random = new FuzzRandom(options.Seed, iteration);
            yield return ($"iteration {iteration}", mutator.Next(ref random));
        }
    }

    /// <summary>Feeds a session's inputs to what it begins. False if it failed, which is reported.</summary>
    private bool RunSession(FuzzTarget target, long session, IEnumerable<(string Place, byte[] Input)> inputs)
    {
        var place = $"beginning of session {session}";
        byte[] current = [];
        try
        {
            var begun = target.Begin(new FuzzRandom(options.Seed ^ SessionSeed, session));
            foreach (var (next, input) in inputs)
            {
                (place, current) = (next, input);
                var isAccepted = begun.Run(input);
                _accepted += isAccepted ? 1 : 0;
                _refused += isAccepted ? 0 : 1;
            }

            place = $"end of the session after {place}";
            begun.End();
            return true;
        }
#pragma warning disable CA1031 // Any exception is what is being looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            output.WriteLine($"FAILED: target {target.Name}, seed {options.Seed} {place}: {exception}");
            output.WriteLine($"input: {Convert.ToHexStringLower(current)}");
            return false;
        }
    }
}
