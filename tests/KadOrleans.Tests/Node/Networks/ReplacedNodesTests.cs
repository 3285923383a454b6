using System.Globalization;

namespace KadOrleans.Tests.Node;

/// <summary>A network whose nodes come and go keeps its values for as long as they live, and no longer (Kademlia §2.5).</summary>
public sealed class ReplacedNodesTests
{
    private const int Publishers = 3;

    private static readonly Course Brief = new(Nodes: 40, Values: 12, TimeToLive: TimeSpan.FromHours(5), new RandomWalkOptions { Count = 1, Interval = TimeSpan.FromMinutes(15) });
    private static readonly Course Long = new(Nodes: 50, Values: 24, TimeToLive: TimeSpan.FromHours(12), new RandomWalkOptions());

    /// <summary>How much longer than its life a value may be about: what delays of datagrams add from holder to holder.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    [Fact]
    public void No_value_is_lost_before_its_time_and_none_outlives_it_while_a_tenth_of_the_nodes_is_replaced_each_hour() =>
        Follow(Brief, hours: 7);

    [Fact]
    [Trait("Tier", "Long")]
    public void No_value_is_lost_before_its_time_and_none_outlives_it_while_most_of_the_nodes_are_replaced() => Follow(Long, hours: 16);

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var first = Run(seed: 42);
        Assert.Equal(first, Run(seed: 42));
        Assert.NotEqual(first, Run(seed: 43));
    }

    private static void Follow(Course course, int hours)
    {
        var world = new SimulatedWorld(seed: 41);
        world.Run(async () =>
        {
            await StartAsync(world, course);
            var expiresAt = world.Clock.GetUtcNow() + course.TimeToLive;
            var (seen, gone) = (0, 0);
            for (var hour = 1; hour <= hours; hour++)
            {
                await ReplaceAsync(world, course);
                if (hour % 4 != 3)
                {
                    // A get leaves a copy behind: few of them, that republishing is what keeps the values.
                    continue;
                }

                var now = world.Clock.GetUtcNow();
                Assert.Equal(Publishers, await CountFoundAsync(world, "kept", Publishers));
                if (now < expiresAt)
                {
                    Assert.Equal(course.Values, await CountFoundAsync(world, "abandoned", course.Values));
                    seen++;
                }
                else if (now > expiresAt + Grace)
                {
                    Assert.Equal(0, await CountFoundAsync(world, "abandoned", course.Values));
                    gone++;
                }
            }

            Assert.InRange(seen, 1, hours);
            Assert.InRange(gone, 1, hours);
        });
    }

    private static (long Sent, long SentBytes) Run(int seed)
    {
        var world = new SimulatedWorld(seed);
        world.Run(async () =>
        {
            await StartAsync(world, Brief);
            await ReplaceAsync(world, Brief);
        });
        return (world.Network.Sent, world.Network.SentBytes);
    }

    /// <summary>Nodes that stay publish a value each, and one that leaves at once publishes many.</summary>
    private static async Task StartAsync(SimulatedWorld world, Course course)
    {
        await world.StartNetworkAsync(course.Nodes, course.Configure);
        for (var i = 0; i < Publishers; i++)
        {
            Assert.True((await world.Nodes[i].Node.SetAsync(Name("kept", i), DhtValue.FromInteger(i))).Succeeded);
        }

        for (var i = 0; i < course.Values; i++)
        {
            Assert.True((await world.Nodes[^1].Node.SetAsync(Name("abandoned", i), DhtValue.FromInteger(i))).Succeeded);
        }

        await world.Nodes[^1].KillAsync();
    }

    /// <summary>Over an hour, nodes fall silent one after another, and new ones take their place.</summary>
    private static async Task ReplaceAsync(SimulatedWorld world, Course course)
    {
        var replaced = course.Nodes / 10;
        for (var i = 0; i < replaced; i++)
        {
            await world.PassAsync(TimeSpan.FromHours(1) / replaced);
            await world.Nodes[Publishers + world.Random.Next(world.Nodes.Count - Publishers)].KillAsync();
            var known = world.PickNode();
            var node = await world.StartNodeAsync(course.Configure);
            await node.Node.BootstrapAsync([$"{known.Transport.Endpoint}"]);
        }
    }

    private static async Task<int> CountFoundAsync(SimulatedWorld world, string name, int count)
    {
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            var value = (await world.PickNode().Node.GetAsync(Name(name, i))).Value;
            Assert.True(value is null || value == DhtValue.FromInteger(i));
            found += value is null ? 0 : 1;
        }

        return found;
    }

    private static string Name(string name, int number) => string.Create(CultureInfo.InvariantCulture, $"{name} {number}");

    /// <summary>What happens.</summary>
    /// <param name="Nodes">At any time; a tenth of them is replaced each hour.</param>
    /// <param name="Values">That nobody publishes again.</param>
    /// <param name="TimeToLive">Of each value.</param>
    /// <param name="Walks">How often the nodes look for contacts.</param>
    private sealed record Course(int Nodes, int Values, TimeSpan TimeToLive, RandomWalkOptions Walks)
    {
        public void Configure(KadNodeOptions options)
        {
            options.Kademlia = new KademliaOptions { ValueTimeToLive = TimeToLive };
            options.RandomWalk = Walks with { };
        }
    }
}
