namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Many edges that start together, and what the directory takes while they run.</summary>
public sealed class ManyEdgesTests(ClusterFixture cluster, ITestOutputHelper output) : IClassFixture<ClusterFixture>, IDisposable
{
    private const int Ids = 10;

    private static readonly TimeSpan Write = TimeSpan.FromMilliseconds(25);

    // KAD_EDGES=1000 runs the size that docs/scale.md states.
    private static readonly int Edges = int.Parse(Environment.GetEnvironmentVariable("KAD_EDGES") ?? "50", CultureInfo.InvariantCulture);

    public void Dispose() => cluster.Rows.Heal();

    [Fact]
    public async Task Edges_that_start_together_have_their_leases_and_tables_within_a_minute()
    {
        var reference = cluster.Reference(new TestEdge());
        cluster.Rows.BeforeWrite = (_, _) => Task.Delay(Write);
        var leases = new EdgeLease[Edges];
        var (started, leased, cpu) = (Stopwatch.StartNew(), TimeSpan.Zero, Environment.CpuUsage.TotalTime);
        var counts = await cluster.Rows.DuringAsync(async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, Edges).Select(LeaseAsync));
            leased = started.Elapsed;
            await Task.WhenAll(leases.Select(async lease => await Task.WhenAll(lease.NodeIds.Select(id => SubscribeAsync(id, lease.Epoch)))));
        });
        output.WriteLine(
            $"{Edges} edges with {Ids} ids: leases after {leased.TotalSeconds:0.0} s, tables after {started.Elapsed.TotalSeconds:0.0} s and "
            + $"{(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:0.0} s of processor time, "
            + $"{counts[StateNames.EdgeDirectory].Writes} and {counts[StateNames.RoutingTable].Writes} writes");

        // An operator waits for this: a fleet that starts must not time out and start over.
        Assert.InRange(started.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(Edges * Ids, leases.SelectMany(lease => lease.NodeIds).Distinct().Count());
        Assert.InRange(counts[StateNames.EdgeDirectory].Writes, 1, 2 + (Edges / 10));
        Assert.InRange(counts[StateNames.RoutingTable].Writes, Edges * Ids, 2 * Edges * Ids);

        async Task LeaseAsync(int i)
        {
            Assert.Equal(NameUse.Free, await cluster.Directory.AskForNameAsync($"edge {i}", reference));
            // One asks twice at once, and gets two epochs.
            var asked = Enumerable.Range(0, i == 0 ? 2 : 1).Select(_ => cluster.Directory.LeaseAsync($"edge {i}", Ids, reference).AsTask());
            var given = (await Task.WhenAll(asked)).OrderBy(lease => lease.Epoch).ToList();
            Assert.Equal(given.Select((_, before) => before + 1L), given.Select(lease => lease.Epoch));
            leases[i] = given[^1];
        }

        async Task SubscribeAsync(NodeId id, long epoch)
        {
            for (var tries = 1; ; tries++)
            {
                try
                {
                    Assert.NotNull(await cluster.Table(id).SubscribeForChangesAsync(epoch, reference, known: -1));
                    return;
                }
                catch (OrleansException) when (tries < 5)
                {
                    // A silo that was too busy for its probes: an edge tries again.
                }
            }
        }
    }
}
