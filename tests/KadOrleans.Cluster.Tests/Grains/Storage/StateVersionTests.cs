namespace KadOrleans.Cluster.Tests.Grains;

public class StateVersionTests
{
    [Fact]
    public void A_silo_writes_the_oldest_version_until_it_hears_of_another()
    {
        var version = new StateVersion(Options.Create(new KadClusterOptions()));
        version.Check(1, "state");
        Assert.Equal((StateSchema.Oldest, StateSchema.Newest), (version.Written, version.Known));
        version.Check(StateSchema.Newest, "state");
        version.Check(StateSchema.Oldest, "state");
        Assert.Equal(StateSchema.Newest, version.Written);
        Assert.Throws<InvalidOperationException>(() => version.Check(StateSchema.Newest + 1, "state"));
        Assert.Equal(StateSchema.Newest, version.Stamp(new ClusterState()).SchemaVersion);

        // The setting limits what a silo accepts.
        version = new StateVersion(Options.Create(new KadClusterOptions { StateVersion = StateSchema.Oldest }));
        Assert.Equal(StateSchema.Oldest, version.Known);
    }
}
