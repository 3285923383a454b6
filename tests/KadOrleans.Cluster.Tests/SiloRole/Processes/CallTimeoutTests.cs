using System.Reflection;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo that is killed answers nothing of what it was asked: whoever asked must not wait on for it.</summary>
public sealed class CallTimeoutTests
{
    [Theory]
    [InlineData(nameof(IKeyShardGrain.GetAsync))]
    [InlineData(nameof(IKeyShardGrain.PutAsync))]
    [InlineData(nameof(IKeyShardGrain.WriteAsync))]
    public void A_call_to_a_shard_is_under_way_no_longer_than_an_edge_waits_for_it(string method)
    {
        var timeout = typeof(IKeyShardGrain).GetMethod(method)!.GetCustomAttribute<ResponseTimeoutAttribute>();

        Assert.NotNull(timeout);
        Assert.True(TimeSpan.Parse(IKeyShardGrain.CallTimeout, CultureInfo.InvariantCulture) <= new GrainKeyStoreOptions().Timeout);
        Assert.Equal(TimeSpan.Parse(IKeyShardGrain.CallTimeout, CultureInfo.InvariantCulture), timeout.Timeout);
    }
}
