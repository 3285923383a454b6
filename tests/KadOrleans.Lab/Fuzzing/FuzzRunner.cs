using System.Diagnostics;
using System.Globalization;

namespace KadOrleans.Lab;

// Runs the corpus as it is, then mutations of it, through each target in turn, each for its share of the time. Targets remember
// their input, so iterations come in sessions with a new target each. To repeat an iteration, run its session up to it.
internal sealed class FuzzRunner(FuzzOptions options, byte[][] corpus, IReadOnlyList<IFuzzTarget> targets, TextWriter output)
{
    private const int Success = 0;
    private const int Failure = 1;

    /// <summary>Long enough for a table to fill and requests to time out, short enough to be run again in a moment.</summary>
    private const int SessionLength = 256;

    /// <summary>The random sequence of the corpus's own session: no mutation's.</summary>
    private const long CorpusSession = -1;

    private readonly Mutator _mutator = new(corpus);

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
    private IEnumerable<(string Place, byte[] Datagram)> Mutations(long session, TargetRun run, Stopwatch clock, TimeSpan limit)
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
            yield return (string.Create(CultureInfo.InvariantCulture, $"iteration {iteration}"), _mutator.Next(ref random));
        }
    }
}

internal interface IFuzzTarget
{
    string Name { get; }

    // Forgets all that was, so that what follows depends on random and the datagrams alone.
    void Begin(FuzzRandom random);

    // Feeds it one datagram and checks what must hold afterwards. Returns whether the datagram meant anything. Whatever it throws
    // is a failure.
    bool Run(ReadOnlySpan<byte> datagram);

    /// <summary>Checks what must hold when no more comes.</summary>
    void End();
}

/// <summary>A target survived a datagram, but something that must always hold does not.</summary>
internal sealed class InvariantException(string message) : Exception(message)
{
    public static void Require(bool holds, string violation)
    {
        if (!holds)
        {
            throw new InvariantException(violation);
        }
    }
}

/// <summary>One target's sessions, their counts, and the report of what went wrong.</summary>
internal sealed class TargetRun(IFuzzTarget target, ulong seed, TextWriter output)
{
    /// <summary>Keeps a session's own choices apart from the mutations of the iteration of the same number.</summary>
    private const ulong SessionSeed = 0x5E55_1011;

    public long Iterations { get; set; }

    public long Accepted { get; private set; }

    public long Refused { get; private set; }

    /// <summary>Feeds a session's datagrams to the target. False if it failed, which is reported.</summary>
    public bool Session(long session, IEnumerable<(string Place, byte[] Datagram)> datagrams)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"beginning of session {session}");
        byte[] current = [];
        try
        {
            target.Begin(new FuzzRandom(seed ^ SessionSeed, session));
            foreach (var (next, datagram) in datagrams)
            {
                (place, current) = (next, datagram);
                if (target.Run(datagram))
                {
                    Accepted++;
                }
                else
                {
                    Refused++;
                }
            }

            place = $"end of the session after {place}";
            target.End();
            return true;
        }
#pragma warning disable CA1031 // Any exception is what is being looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            output.WriteLine($"FAILED: target {target.Name}, seed {seed} {place}: {exception}");
            output.WriteLine($"datagram: {Convert.ToHexStringLower(current)}");
            return false;
        }
    }
}
