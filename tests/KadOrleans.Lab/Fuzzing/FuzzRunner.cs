namespace KadOrleans.Lab;

// Runs the corpus as it is, then mutations of it, through each target in turn, each for its share of the time. Targets remember
// their input, so iterations come in sessions with a new target each. To repeat an iteration, run its session up to it.
internal sealed class FuzzRunner(
    FuzzOptions options, byte[][] corpus, IReadOnlyList<(string Name, Func<FuzzRandom, IFuzzTarget> Begin)> targets, TextWriter output)
{
    /// <summary>Long enough for a table to fill and requests to time out, short enough to be run again in a moment.</summary>
    private const int SessionLength = 256;

    /// <summary>The random sequence of the corpus's own session: no mutation's.</summary>
    private const long CorpusSession = -1;

    /// <summary>Keeps a session's own choices apart from the mutations of the iteration of the same number.</summary>
    private const ulong SessionSeed = 0x5E55_1011;

    private readonly Mutator _mutator = new(corpus);
    private long _iterations;
    private long _accepted;
    private long _refused;

    public int Run() => targets.All(target => RunTarget(target.Name, target.Begin)) ? 0 : 1;

    private bool RunTarget(string name, Func<FuzzRandom, IFuzzTarget> begin)
    {
        var clock = Stopwatch.StartNew();
        var limit = TimeSpan.FromSeconds(options.Seconds) / targets.Count;
        (_iterations, _accepted, _refused) = (0, 0, 0);
        var fine = RunSession(name, begin, CorpusSession, corpus.Select((datagram, i) => ($"corpus {i}", datagram)));
        var session = (options.Iteration ?? 0) / SessionLength;
        while (fine && (options.Iteration is null ? clock.Elapsed < limit : _iterations == 0))
        {
            fine = RunSession(name, begin, session, Mutations(session++, clock, limit));
        }

        if (fine)
        {
            output.WriteLine(
                $"{name}: seed {options.Seed}, {corpus.Length} corpus datagrams and {_iterations} iterations, {_accepted} accepted, {_refused} refused");
        }

        return fine;
    }

    /// <summary>One session's datagrams, up to the wanted iteration or until the time is over.</summary>
    private IEnumerable<(string Place, byte[] Datagram)> Mutations(long session, Stopwatch clock, TimeSpan limit)
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
            yield return ($"iteration {iteration}", _mutator.Next(ref random));
        }
    }

    /// <summary>Feeds a session's datagrams to a new target. False if it failed, which is reported.</summary>
    private bool RunSession(
        string name, Func<FuzzRandom, IFuzzTarget> begin, long session, IEnumerable<(string Place, byte[] Datagram)> datagrams)
    {
        var place = $"beginning of session {session}";
        byte[] current = [];
        try
        {
            var target = begin(new FuzzRandom(options.Seed ^ SessionSeed, session));
            foreach (var (next, datagram) in datagrams)
            {
                (place, current) = (next, datagram);
                var isAccepted = target.Run(datagram);
                _accepted += isAccepted ? 1 : 0;
                _refused += isAccepted ? 0 : 1;
            }

            place = $"end of the session after {place}";
            target.End();
            return true;
        }
#pragma warning disable CA1031 // Any exception is what is being looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            output.WriteLine($"FAILED: target {name}, seed {options.Seed} {place}: {exception}");
            output.WriteLine($"datagram: {Convert.ToHexStringLower(current)}");
            return false;
        }
    }
}

/// <summary>What the datagrams of one session go to. It depends on its seed and the datagrams alone. Whatever it throws is a failure.</summary>
internal interface IFuzzTarget
{
    /// <summary>Feeds it one datagram and checks what must hold afterwards. Returns whether the datagram meant anything.</summary>
    bool Run(ReadOnlySpan<byte> datagram);

    /// <summary>Checks what must hold when no more comes.</summary>
    void End()
    {
    }
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
