namespace KadOrleans.Cluster.Tests.Grains;

public class SiloVersionsTests
{
    private const int Newer = StateSchema.Oldest + 1;

    private readonly SiloVersions _silos = new();

    [Fact]
    public void A_version_is_common_once_every_silo_told_that_it_knows_it()
    {
        Assert.Equal(StateSchema.Oldest, _silos.GetCommon([]));
        _silos.Set(Silo(1), Newer);
        Assert.Equal(StateSchema.Oldest, _silos.GetCommon([Silo(1), Silo(2)]));
        _silos.Set(Silo(2), Newer + 1);
        Assert.Equal(Newer, _silos.GetCommon([Silo(1), Silo(2)]));
        _silos.Set(Silo(1), Newer + 1);
        Assert.Equal(Newer + 1, _silos.GetCommon([Silo(1), Silo(2)]));
    }

    [Fact]
    public void A_silo_that_is_gone_holds_nothing_back_and_counts_anew_when_it_is_back()
    {
        _silos.Set(Silo(1), Newer);
        _silos.Set(Silo(2), Newer);
        Assert.Equal(Newer, _silos.GetCommon([Silo(1)]));
        Assert.Equal(StateSchema.Oldest, _silos.GetCommon([Silo(1), Silo(2)]));
    }

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

        // One that is held back knows what it is told to.
        version = new StateVersion(Options.Create(new KadClusterOptions { StateVersion = StateSchema.Oldest }));
        Assert.Equal(StateSchema.Oldest, version.Known);
    }

    private static SiloAddress Silo(int port) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), 1);
}
