namespace KadOrleans.Tests.Node;

/// <summary>Real nodes under loss, delay, churn and liars, by seed and on virtual time.</summary>
public sealed class FaultyNetworkTests
{
    [Fact]
    public void Values_survive_loss_delay_churn_and_liars() => Run(seed: 11, nodes: 200, keys: 40);

    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(12)]
    public void Values_of_many_nodes_survive_loss_delay_churn_and_liars(int seed) => Run(seed, nodes: 600, keys: 60);

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        Assert.Equal(Play(), Play());

        static (long Sent, long Bytes, TimeSpan Elapsed) Play()
        {
            var world = new SimulatedWorld(seed: 13, new NetworkConditions { Loss = 0.1, Duplication = 0.1 });
            return world.Run(async () =>
            {
                await world.StartNetworkAsync(60);
                await world.PickNode().Node.SetAsync("key", DhtValue.FromString("value"));
                await world.PickNode().Node.GetAsync("key");
                return (world.Network.Sent, world.Network.SentBytes, world.Clock.Elapsed);
            });
        }
    }

    private static void Run(int seed, int nodes, int keys)
    {
        var world = new SimulatedWorld(seed);
        world.Run(async () =>
        {
            await world.StartNetworkAsync(nodes, Without.Walks);
            world.Network.Conditions = new NetworkConditions
            {
                Loss = 0.05,
                Duplication = 0.02,
                MinDelay = TimeSpan.FromMilliseconds(5),
                MaxDelay = TimeSpan.FromMilliseconds(250),
            };
            for (var i = 0; i < keys; i++)
            {
                var set = await world.PickNode().Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
                Assert.InRange(set.Stored, 10, 20);
            }

            await ChurnAsync(world, nodes / 5);
            AddLiars(world, nodes / 20);
            var found = 0;
            for (var i = 0; i < keys; i++)
            {
                var get = await world.PickNode().Node.GetAsync($"key {i}");
                found += get.Value == DhtValue.FromInteger(i) ? 1 : 0;
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: found {found} of {keys}");
            Assert.Equal(keys, found);
        });
    }

    /// <summary>Kills nodes without a word and lets as many others join.</summary>
    private static async Task ChurnAsync(SimulatedWorld world, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await world.PickNode().KillAsync();
        }

        await world.StartNetworkAsync(count, Without.Walks);
    }

    /// <summary>
    /// Peers that answer pings, then every find with invented contacts beside the target, and that store nothing.
    /// They make themselves known to nodes all over the network.
    /// </summary>
    private static void AddLiars(SimulatedWorld world, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var liar = world.AddPeer();
            liar.OnRequest = (request, id, answer) => request.Kind switch
            {
                RequestKind.Ping => ResponseWriter.WritePong(answer, id, liar.Id),
                RequestKind.FindNode => Invent(request.AsFindNode().Target, id, answer),
                RequestKind.FindValue => Invent(request.AsFindValue().Key, id, answer),
                _ => 0,
            };
            for (var j = 0; j < 20; j++)
            {
                liar.Ping(world.PickNode().Transport.Endpoint, MessageId.Random(world.Random));
            }
        }

        int Invent(NodeId target, MessageId id, Span<byte> answer)
        {
            var invented = new Contact[20];
            for (var i = 0; i < invented.Length; i++)
            {
                var endpoint = UdpEndpoint.FromIPv4((uint)(0x0D00_0000 + world.Random.Next(1 << 24)), 8468);
                invented[i] = new Contact(target.RandomWithPrefix(16, world.Random), endpoint);
            }

            return ResponseWriter.WriteNodes(answer, id, invented);
        }
    }
}
