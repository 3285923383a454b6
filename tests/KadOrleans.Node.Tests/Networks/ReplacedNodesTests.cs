using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Simulation;

namespace KadOrleans.Node.Tests.Networks;

/// <summary>A network whose nodes come and go keeps its values for as long as they live, and no longer (Kademlia §2.5).</summary>
public sealed class ReplacedNodesTests
{
    private const int Size = 50;
    private const int ReplacedPerHour = Size / 10;
    private const int Publishers = 3;
    private const int Abandoned = 24;

    private static readonly TimeSpan TimeToLive = TimeSpan.FromHours(12);

    /// <summary>How much longer than its life a value may be about: what delays of datagrams add from holder to holder.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    [Fact]
    public void No_value_is_lost_before_its_time_and_none_outlives_it_while_a_tenth_of_the_nodes_is_replaced_each_hour()
    {
        var world = new SimulatedWorld(seed: 41);
        world.Run(async () =>
        {
            await StartAsync(world);
            var expiresAt = world.Clock.GetUtcNow() + TimeToLive;
            for (var hour = 1; hour <= 16; hour++)
            {
                await ReplaceAsync(world);
                if (hour % 4 != 3)
                {
                    // A get leaves a copy behind: few of them, that republishing is what keeps the values.
                    continue;
                }

                var now = world.Clock.GetUtcNow();
                Assert.Equal(Publishers, await CountFoundAsync(world, "kept", Publishers));
                if (now < expiresAt)
                {
                    Assert.Equal(Abandoned, await CountFoundAsync(world, "abandoned", Abandoned));
                }
                else if (now > expiresAt + Grace)
                {
                    Assert.Equal(0, await CountFoundAsync(world, "abandoned", Abandoned));
                }
            }
        });
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var first = Run(seed: 42);
        Assert.Equal(first, Run(seed: 42));
        Assert.NotEqual(first, Run(seed: 43));
    }

    private static (long Sent, long SentBytes) Run(int seed)
    {
        var world = new SimulatedWorld(seed);
        world.Run(async () =>
        {
            await StartAsync(world);
            for (var hour = 1; hour <= 2; hour++)
            {
                await ReplaceAsync(world);
            }
        });
        return (world.Network.Sent, world.Network.SentBytes);
    }

    /// <summary>Nodes that stay publish a value each, and one that leaves at once publishes many.</summary>
    private static async Task StartAsync(SimulatedWorld world)
    {
        await world.StartNetworkAsync(Size, Brief);
        for (var i = 0; i < Publishers; i++)
        {
            Assert.True((await world.Nodes[i].Node.SetAsync(Name("kept", i), DhtValue.FromInteger(i))).Succeeded);
        }

        for (var i = 0; i < Abandoned; i++)
        {
            Assert.True((await world.Nodes[^1].Node.SetAsync(Name("abandoned", i), DhtValue.FromInteger(i))).Succeeded);
        }

        await world.Nodes[^1].KillAsync();
    }

    /// <summary>Over an hour, nodes fall silent one after another, and new ones take their place.</summary>
    private static async Task ReplaceAsync(SimulatedWorld world)
    {
        for (var i = 0; i < ReplacedPerHour; i++)
        {
            await world.PassAsync(TimeSpan.FromHours(1) / ReplacedPerHour);
            await world.Nodes[Publishers + world.Random.Next(world.Nodes.Count - Publishers)].KillAsync();
            var known = world.PickNode();
            var node = await world.StartNodeAsync(Brief);
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

    private static void Brief(KadNodeOptions options) => options.Kademlia = new KademliaOptions { ValueTimeToLive = TimeToLive };
}
