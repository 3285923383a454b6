namespace KadOrleans.Tests.Node;

/// <summary>
/// Nothing that a client was acknowledged is undone by upkeep of the same key, in any order of their steps, or in a sample where the orders are too many.
/// </summary>
public sealed class UpkeepInterleavingTests(ITestOutputHelper output)
{
    private int _keys;

    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var upkeep in Enum.GetNames<Upkeep>())
            {
                foreach (var call in Enum.GetNames<ClientCall>())
                {
                    pairs.Add(upkeep, call);
                }
            }

            return pairs;
        }
    }

    // A durable set beside what publishes has some hundred times as many orders as the rest: of these some.
    [Theory]
    [MemberData(nameof(Pairs))]
    public Task Of_a_node_with_stores_in_memory(string upkeep, string call) => TryAsync(
        new MemoryUpkeepStores(),
        upkeep,
        call,
        sample: call == nameof(ClientCall.SetDurably) && upkeep is (nameof(Upkeep.Confirm) or nameof(Upkeep.Republish)) ? 1_000 : null);

    // A commit for each step makes an order slow, so durable sets are sampled.
    [Theory]
    [MemberData(nameof(Pairs))]
    public Task Of_a_node_with_a_file(string upkeep, string call) =>
        TryAsync(new SqliteUpkeepStores(), upkeep, call, sample: call == nameof(ClientCall.SetDurably) ? 100 : null);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_an_edge_with_a_shard(string upkeep, string call) =>
        TryAll(choose => Run(choose, upkeep, [call], run => run.RunClusterAsync()));

    /// <summary>The two edges have no turns in common: whoever has sent a value compares afterwards.</summary>
    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_an_edge_with_a_shard_whose_clients_another_edge_serves(string upkeep, string call) =>
        Randomized.ForSeeds(200, random => Run(random.Next, upkeep, [call], run => run.RunClusterAsync(byAnother: true)));

    [Theory]
    [InlineData("memory", 400)]
    [InlineData("file", 60)]
    [InlineData("shard", 250)]
    public async Task With_several_clients_in_random_orders(string kind, int runs)
    {
        await using UpkeepStores? stores = kind switch
        {
            "memory" => new MemoryUpkeepStores(),
            "file" => new SqliteUpkeepStores(),
            _ => null,
        };
        Randomized.ForSeeds(runs, random =>
        {
            var upkeep = Pick<Upkeep>();
            var calls = Enumerable.Range(0, 2 + random.Next(4)).Select(_ => Pick<ClientCall>()).ToList();
            Run(random.Next, upkeep, calls, run => stores is null ? run.RunClusterAsync() : run.RunNodeAsync(stores));

            string Pick<T>()
                where T : struct, Enum => Enum.GetNames<T>()[random.Next(Enum.GetNames<T>().Length)];
        });
    }

    /// <summary>Runs a sample of the orders; null: all of them.</summary>
    private async Task TryAsync(UpkeepStores stores, string upkeep, string call, int? sample)
    {
        await using (stores)
        {
            if (sample is { } count)
            {
                Randomized.ForSeeds(count, random => Run(random.Next, upkeep, [call], run => run.RunNodeAsync(stores)));
            }
            else
            {
                TryAll(choose => Run(choose, upkeep, [call], run => run.RunNodeAsync(stores)));
            }
        }
    }

    private void TryAll(Action<Func<int, int>> run) => output.WriteLine($"{Interleavings.TryAll(run)} orders");

    private void Run(Func<int, int> choose, string upkeep, IReadOnlyList<string> calls, Func<UpkeepRun, Task> run) => SimulatedWorld.Run(
        seed: 1,
        world => run(new UpkeepRun(
            world, Enum.Parse<Upkeep>(upkeep), [.. calls.Select(Enum.Parse<ClientCall>)], choose, NodeId.FromKey($"key {_keys++}"))),
        UpkeepRun.Conditions);
}
