namespace KadOrleans.Tests.Node;

public sealed class UnresponsiveContactTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(2);

    [Fact]
    public void The_silence_of_a_contact_holds_up_one_lookup_and_not_the_next() => SimulatedWorld.Run(21, async world =>
    {
        await world.StartNetworkAsync(50, Without.Walks);
        var asker = world.PickNode();
        foreach (var victim in world.Nodes.Where(node => node != asker).Take(10).ToList())
        {
            await victim.KillAsync();
        }

        var target = NodeId.FromKey("target");
        var first = await TimeAsync(world, asker, target);
        var second = await TimeAsync(world, asker, target);

        Assert.True(first >= RoundTripEstimate.MinTimeout, $"{first}");
        Assert.True(second < RoundTripEstimate.MinTimeout, $"{second}");
    }, new NetworkConditions { MinDelay = Delay, MaxDelay = Delay });

    // Each node would otherwise miss each of a part that was cut off once, many of them minutes after the cut.
    [Fact]
    public void Contacts_that_were_silent_and_are_back_are_found_by_the_next_lookup() => SimulatedWorld.Run(23, async world =>
    {
        await world.StartNetworkAsync(50, Without.Walks);
        var target = NodeId.FromKey("target");
        world.Network.Cut(world.Nodes.Take(25).Select(node => node.Transport.Endpoint), TimeSpan.FromSeconds(3));

        var during = await LookUpAsync();
        await world.PassAsync(TimeSpan.FromSeconds(10));
        var after = await LookUpAsync();

        Assert.InRange(during, 0, 5);
        Assert.Equal(50, after);

        async Task<int> LookUpAsync()
        {
            var outcomes = await Task.WhenAll(world.Nodes.Select(node => node.Node.FindNodeAsync(target)));
            return world.Nodes.Zip(outcomes).Count(one => one.Second.Closest.Select(contact => contact.Id).SequenceEqual(Nearest(one.First)));
        }

        IEnumerable<NodeId> Nearest(SimulatedNode asker) => world.Nodes.Where(node => node != asker)
            .Select(node => node.Id)
            .OrderBy(id => id.DistanceTo(target))
            .Take(new KademliaOptions().BucketSize);
    }, new NetworkConditions { MinDelay = Delay, MaxDelay = TimeSpan.FromMilliseconds(45) });

    [Fact]
    public void A_lookup_goes_on_behind_the_k_nearest_contacts_when_all_are_gone() => SimulatedWorld.Run(22, async world =>
    {
        await world.StartNetworkAsync(120, Without.Walks);
        var asker = world.PickNode();
        var target = NodeId.FromKey("target");
        foreach (var contact in asker.Node.Engine.Nearest(target, new KademliaOptions().BucketSize))
        {
            await world.Nodes.Single(node => node.Id == contact.Id).KillAsync();
        }

        var outcome = await asker.Node.FindNodeAsync(target);

        Assert.Equal(TerminationReason.Converged, outcome.Reason);
        Assert.Equal(
            world.Nodes.Where(node => node != asker).MinBy(node => node.Id.DistanceTo(target))!.Id, outcome.Closest[0].Id);
    });

    [Fact]
    public void Endpoints_are_silent_until_they_answer_and_only_so_many_are_remembered()
    {
        var silent = new UnresponsiveEndpoints();
        var endpoint = UdpEndpoint.Parse("192.0.2.1:1");
        silent.Add(endpoint, now: 5);
        silent.Add(endpoint, now: 9);
        Assert.True(silent.Contains(endpoint));
        Assert.Equal((false, true), (silent.ContainsSince(endpoint, 4), silent.ContainsSince(endpoint, 5)));
        silent.Remove(endpoint);
        Assert.False(silent.Contains(endpoint));

        // It answered between the two.
        silent.Add(endpoint, now: 9);
        Assert.False(silent.ContainsSince(endpoint, 8));
        for (uint i = 0; i < UnresponsiveEndpoints.Capacity; i++)
        {
            silent.Add(UdpEndpoint.FromIPv4(0x0A000000 + i, 1), now: 9);
        }

        Assert.False(silent.Contains(endpoint));
    }

    private static async Task<TimeSpan> TimeAsync(SimulatedWorld world, SimulatedNode asker, NodeId target)
    {
        var startedAt = world.Clock.Elapsed;
        var outcome = await asker.Node.FindNodeAsync(target);
        Assert.Equal(new KademliaOptions().BucketSize, outcome.Closest.Count);
        return world.Clock.Elapsed - startedAt;
    }
}
