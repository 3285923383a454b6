namespace KadOrleans.Tests.Lab;

/// <summary>Histories of one simulated node behind several fronts, on virtual time: right ones, and ones with a fault built in.</summary>
public sealed class HistoryRunTests
{
    private const int Runs = 20;
    private const int Fronts = 4;

    private delegate IDht NewFront(int number, IDht inner, ManualTimeProvider time, SeededRandomSource random);

    [Fact]
    public void A_node_behind_right_fronts_contradicts_in_no_run()
    {
        for (var seed = 1; seed <= Runs; seed++)
        {
            var report = Run(seed, () => (_, inner, time, random) => new Front(inner, time, random));

            Assert.True(report.IsGood, report.ToText());
            Assert.InRange(report.Operations, 1_000, 100_000);
        }
    }

    [Fact]
    public void A_missing_fence_after_a_freeze_is_found() =>
        IsFound(() => (number, inner, time, random) => number == 0 ? new UnfencedFront(inner, time, random) : new Front(inner, time, random));

    [Fact]
    public void A_cache_that_is_not_dropped_is_found() =>
        IsFound(() => (number, inner, time, random) => number == 0 ? new CachingFront(inner, time, random) : new Front(inner, time, random));

    [Fact]
    public void A_write_that_is_made_twice_is_found() =>
        IsFound(() => (number, inner, time, random) => number == 0 ? new RepeatingFront(inner, time, random) : new Front(inner, time, random));

    [Fact]
    public void An_acknowledgement_before_the_write_is_found() =>
        IsFound(() => (number, inner, time, random) => number == 0 ? new HastyFront(inner, time, random) : new Front(inner, time, random));

    [Fact]
    public void A_clock_that_is_ahead_is_found() => IsFound(() =>
    {
        var stamps = new Dictionary<NodeId, TimeSpan>();
        return (number, inner, time, random) => new StampingFront(inner, time, random, stamps, number == 0 ? TimeSpan.FromSeconds(1) : TimeSpan.Zero);
    });

    [Fact]
    public void A_version_that_goes_back_is_found() =>
        IsFound(() => (number, inner, time, random) => number == 0 ? new FallingFront(inner, time, random) : new Front(inner, time, random));

    // Another history for each run; a front is made anew for each.
    private static void IsFound(Func<NewFront> create)
    {
        for (var seed = 1; seed <= Runs; seed++)
        {
            var report = Run(seed, create);
            if (report.Contradictions is [var first, ..])
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"Run {seed}: {first.Describe()}");
                Assert.InRange(first.Part!.Operations.Count, 1, 12);
                return;
            }
        }

        Assert.Fail($"No contradiction in {Runs} runs.");
    }

    private static HistoryReport Run(int seed, Func<NewFront> create)
    {
        var world = new SimulatedWorld(seed);
        return world.Run(async () =>
        {
            var node = await world.StartNodeAsync();
            var front = create();
            await using var subject = new SimulatedSubject([.. Enumerable.Range(0, Fronts).Select(i => front(i, node.Node, world.Clock, world.Random))]);
            var options = new HistoryOptions { Seed = seed, Faults = 3, Keys = 5, Pace = TimeSpan.FromMilliseconds(50) };
            return await HistoryRun.RunAsync(subject, options, new ProgressLog(TextWriter.Null), world.Clock, CancellationToken.None);
        });
    }

    // Two clients of each front; time passes in place of faults.
    private sealed class SimulatedSubject(IReadOnlyList<IDht> fronts) : IHistorySubject
    {
        public IReadOnlyList<IHistoryClient> Clients { get; } =
            [.. fronts.Concat(fronts).Select((front, i) => new DhtHistoryClient($"front {i % fronts.Count}", front))];

        public bool Retries => false;

        public IReadOnlyList<HistoryFault> Plan(int seed, int faults) =>
            [.. Enumerable.Repeat(new HistoryFault("nothing", TimeSpan.FromSeconds(2), new(() => Task.CompletedTask, () => Task.CompletedTask)), faults)];

        public Task<bool> BecomesHealthyAsync(CancellationToken cancellationToken) => Task.FromResult(true);

        public TimeSpan StalenessOf(IHistoryClient client, HistoryKey key) => TimeSpan.Zero;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
