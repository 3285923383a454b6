namespace KadOrleans.Tests.Node;

public sealed class NetworkOfOneTests
{
    private readonly SimulatedWorld _world = new(seed: 1);

    [Fact]
    public void Set_stores_locally_and_get_finds_it_or_says_why_not() => _world.Run(async () =>
    {
        var node = (await _world.StartNodeAsync()).Node;

        var set = await node.SetAsync("key", DhtValue.FromString("value"));
        var get = await node.GetAsync("key");

        Assert.True(set.Succeeded);
        Assert.Equal(0, set.Stored);
        Assert.Equal(StoreResult.Stored, set.Local);
        Assert.Equal(TerminationReason.NoContacts, set.Lookup!.Reason);
        Assert.Equal(DhtValue.FromString("value"), get.Value);
        Assert.Null(get.Lookup);

        get = await node.GetAsync("nothing");
        Assert.Equal((false, TerminationReason.NoContacts, 0), (get.Found, get.Lookup!.Reason, get.Lookup.Asked));
    });

    [Fact]
    public void A_bootstrap_name_that_resolves_later_is_asked_then() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(3);
        var late = (await _world.StartNodeAsync(options => options.Bootstrap.Add("seeds.example:8468"))).Node;
        var joining = await late.JoinAsync();
        Assert.Equal("The host name 'seeds.example' could not be resolved: ", Assert.Single(joining.Attempts).Problem![..53]);

        await _world.PassAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(0, late.RoutingTable.Count);
        _world.Names["seeds.example"] = [_world.Nodes[0].Transport.Endpoint];
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(3, late.RoutingTable.Count);
        await late.WaitUntilReadyAsync();
    });

    [Fact]
    public void Bootstrap_says_why_nobody_was_reached() => _world.Run(async () =>
    {
        var node = (await _world.StartNodeAsync()).Node;

        var result = await node.BootstrapAsync(["11.250.0.1:8468", "nonsense", $"{node.LocalEndpoints[0]}"]);

        Assert.Equal(0, result.Joined);
        Assert.Null(result.Lookup);
        Assert.Collection(
            result.Attempts,
            a => Assert.Equal("11.250.0.1:8468 did not answer a ping (no answer in time).", a.Problem),
            a => Assert.StartsWith("'nonsense' is not HOST:PORT", a.Problem, StringComparison.Ordinal),
            a => Assert.Contains("is this node itself", a.Problem, StringComparison.Ordinal));
    });
}
