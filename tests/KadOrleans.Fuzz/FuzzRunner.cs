using System.Diagnostics;
using System.Globalization;

namespace KadOrleans.Fuzz;

/// <summary>
/// Runs the corpus as it is, then mutations of it, through each target in turn, each for its share of the time. Targets remember their
/// input, so iterations come in sessions with a new target each. To repeat an iteration, run its session up to it.
/// </summary>
internal sealed class FuzzRunner(
    FuzzOptions options, byte[][] corpus, IReadOnlyList<IFuzzTarget> targets, TextWriter output)
{
    private const int Success = 0;
    private const int Failure = 1;

    /// <summary>Long enough for a table to fill and requests to time out, short enough to be run again in a moment.</summary>
    private const int SessionLength = 256;

    /// <summary>The random sequence of the corpus's own session: no mutation's.</summary>
    private const long CorpusSession = -1;

    private readonly Mutator _mutator = new(corpus);

    /// <summary>Returns the exit code: 0, or 1 as soon as a target fails.</summary>
    public int Run() => targets.All(RunTarget) ? Success : Failure;

    private bool RunTarget(IFuzzTarget target)
    {
        var clock = Stopwatch.StartNew();
        var limit = TimeSpan.FromSeconds(options.Seconds) / targets.Count;
        var run = new TargetRun(target, options.Seed, output);
        var fine = run.Session(CorpusSession, corpus.Select((datagram, i) => ($"corpus {i}", datagram)));
        var session = (options.Iteration ?? 0) / SessionLength;
        while (fine && (options.Iteration is null ? clock.Elapsed < limit : run.Iterations == 0))
        {
            fine = run.Session(session, Mutations(session++, run, clock, limit));
        }

        if (fine)
        {
            output.WriteLine(
                $"{target.Name}: seed {options.Seed}, {corpus.Length} corpus datagrams and {run.Iterations} iterations, "
                + $"{run.Accepted} accepted, {run.Refused} refused");
        }

        return fine;
    }

    /// <summary>One session's datagrams, up to the wanted iteration or until the time is over.</summary>
    private IEnumerable<(string Place, byte[] Datagram)> Mutations(
        long session, TargetRun run, Stopwatch clock, TimeSpan limit)
    {
        var first = session * SessionLength;
        for (var iteration = first; iteration < first + SessionLength; iteration++)
        {
            if (options.Iteration is { } last ? iteration > last : clock.Elapsed >= limit)
            {
                yield break;
            }

            run.Iterations++;
            var random = new FuzzRandom(options.Seed, iteration);
            yield return (
                string.Create(CultureInfo.InvariantCulture, $"iteration {iteration}"), _mutator.Next(ref random));
        }
    }
}
