namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>Many edges that start together, and what the directory takes while they run.</summary>
public sealed class ManyEdgesTests(ClusterFixture cluster, ITestOutputHelper output) : IClassFixture<ClusterFixture>, IDisposable
{
    private const int Ids = 10;

    private static readonly TimeSpan Write = TimeSpan.FromMilliseconds(25);

    // KAD_EDGES=1000 runs the size that docs/scale.md states.
    private static readonly int Edges = int.Parse(Environment.GetEnvironmentVariable("KAD_EDGES") ?? "50", CultureInfo.InvariantCulture);

    public void Dispose() => cluster.Rows.Heal();

    /// <summary>Sessions of edges on virtual time, with the real directory. Bytes are those of arguments and answers, without headers.</summary>
    [Fact]
    public async Task A_thousand_edges_cost_the_directory_less_than_a_megabyte_a_second_also_while_it_moves()
    {
        const int count = 1_000;
        const long perSecond = 1_000_000;
        var serializer = cluster.Client.ServiceProvider.GetRequiredService<Orleans.Serialization.Serializer>();
        var reference = cluster.Reference(new TestEdge());
        var report = new EdgeReport
        {
            Endpoints = [.. Enumerable.Range(0, Ids).Select(i => UdpEndpoint.Parse($"198.51.100.{i}:8468"))],
            Counts = Enumerable.Range(0, 80).ToDictionary(i => $"requests.of.some.kind.{i}", i => 1_000_000L * i),
            NetworkSize = 1_000_000,
        };
        var epochs = new long[count];
        var known = Enumerable.Range(0, count).Select(_ => new KnownEdges(cluster.Clock)).ToArray();
        await cluster.Directory.ListAsync(0);
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        await Task.WhenAll(Enumerable.Range(0, count).Select(LeaseAsync));
        await RunAsync(rounds: 1);

        var steady = await RunAsync(rounds: 6);
        Say("steadily", steady);
        Assert.InRange(steady.BytesASecond, 1, perSecond);

        var moving = await RunAsync(rounds: 3, () => cluster.Cluster.DeactivateAsync(cluster.Directory));
        Say("while it moves in each interval", moving);
        Assert.InRange(moving.BytesASecond, 1, perSecond);

        // A restart of each edge in turn.
        var changing = await RunAsync(rounds: 3, () => Task.WhenAll(Enumerable.Range(0, 20).Select(LeaseAsync)));
        Say("while 2 edges a second start", changing);
        Assert.InRange(changing.BytesASecond, 1, perSecond);
        output.WriteLine($"a whole list has {serializer.SerializeToArray(await cluster.Directory.ListAsync(0)).Length} bytes");

        async Task LeaseAsync(int i) => epochs[i] = (await cluster.Directory.LeaseAsync($"session {i}", Ids, reference)).Epoch;

        // In each round all edges renew their leases and read the list. Between their halves something happens.
        async Task<(long BytesASecond, double Processor)> RunAsync(int rounds, Func<Task>? between = null)
        {
            var (bytes, cpu) = (0L, Environment.CpuUsage.TotalTime);
            for (var round = 0; round < rounds; round++)
            {
                foreach (var half in Enumerable.Range(0, count).Chunk(count / 2))
                {
                    await Task.WhenAll(half.Select(RenewAsync));
                    if (half[0] == 0 && between is not null)
                    {
                        await between();
                    }

                    cluster.Clock.Advance(IEdgeDirectoryGrain.RenewalInterval / 2);
                }
            }

            Assert.All(known, edges => Assert.Equal(count, edges.All.Count));
            var length = IEdgeDirectoryGrain.RenewalInterval * rounds;
            return ((long)(bytes / length.TotalSeconds), (Environment.CpuUsage.TotalTime - cpu) / length);

            async Task RenewAsync(int i)
            {
                Assert.Equal(LeaseRenewal.Renewed, await cluster.Directory.RenewAsync($"session {i}", epochs[i], reference, report));
                await known[i].ReadAsync(async version =>
                {
                    var answer = await cluster.Directory.ListAsync(version);
                    Interlocked.Add(ref bytes, serializer.SerializeToArray(report).Length + serializer.SerializeToArray(answer).Length);
                    return answer;
                });
            }
        }

        void Say(string when, (long BytesASecond, double Processor) cost) => output.WriteLine(
            $"{count} edges {when}: {cost.BytesASecond:N0} bytes a second, {cost.Processor:P1} of a core for both sides and this test");
    }

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
