using System.Diagnostics;
using System.Globalization;

namespace KadOrleans.Fuzz;

/// <summary>Runs the corpus as it is, then mutations of it, through all targets.</summary>
internal sealed class FuzzRunner(
    FuzzOptions options, byte[][] corpus, IReadOnlyList<IFuzzTarget> targets, TextWriter output)
{
    private const int Success = 0;
    private const int Failure = 1;

    private readonly Mutator _mutator = new(corpus);
    private readonly long[] _accepted = new long[targets.Count];
    private readonly long[] _refused = new long[targets.Count];

    /// <summary>Returns the exit code: 0, or 1 as soon as a target fails.</summary>
    public int Run() => RunCorpus() && RunMutations(out var iterations)
        ? Summarize(iterations)
        : Failure;

    private bool RunCorpus()
    {
        for (var i = 0; i < corpus.Length; i++)
        {
            if (!RunTargets(corpus[i], string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed} corpus {i}")))
            {
                return false;
            }
        }

        return true;
    }

    private bool RunMutations(out long iterations)
    {
        var clock = Stopwatch.StartNew();
        var limit = TimeSpan.FromSeconds(options.Seconds);
        var first = options.Iteration ?? 0;
        iterations = 0;
        while (options.Iteration is null ? clock.Elapsed < limit : iterations == 0)
        {
            var iteration = first + iterations++;
            var random = new FuzzRandom(options.Seed, iteration);
            var place = string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed} iteration {iteration}");
            if (!RunTargets(_mutator.Next(ref random), place))
            {
                return false;
            }
        }

        return true;
    }

    private bool RunTargets(byte[] datagram, string place)
    {
        for (var i = 0; i < targets.Count; i++)
        {
            try
            {
                (targets[i].Run(datagram) ? _accepted : _refused)[i]++;
            }
#pragma warning disable CA1031 // Any exception is what is being looked for.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                output.WriteLine($"FAILED: target {targets[i].Name}, {place}: {exception}");
                output.WriteLine($"datagram: {Convert.ToHexStringLower(datagram)}");
                return false;
            }
        }

        return true;
    }

    private int Summarize(long iterations)
    {
        var counts = targets.Select((target, i) => $"{target.Name} accepted {_accepted[i]}, refused {_refused[i]}");
        output.WriteLine(
            $"seed {options.Seed}: {corpus.Length} corpus datagrams and {iterations} iterations; {string.Join("; ", counts)}");
        return Success;
    }
}
