using System.Net.Sockets;
using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class MemberRowsTests
{
    private static readonly DateTime Now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly IPEndPoint Own = new(IPAddress.Loopback, 11111);

    [Theory]
    [InlineData(11111, 100, 100, true)]
    [InlineData(11111, 101, 100, true)]
    [InlineData(11111, 99, 100, false)]
    [InlineData(11112, 101, 100, false)]
    public void A_row_of_the_own_endpoint_that_is_not_older_is_found(int port, int generation, int own, bool isFound)
    {
        MembershipEntry[] rows = [Row(11111, 5, SiloStatus.Dead, default), Row(port, generation, SiloStatus.Dead, default)];
        Assert.Equal(isFound ? generation : null, MemberRows.FindLater(rows, Own, own)?.Generation);
    }

    [Fact]
    public async Task A_silo_starts_above_a_row_of_its_address_that_a_clock_ahead_left()
    {
        var later = SiloAddress.AllocateNewGeneration() + 3_600;
        var identity = Identity();
        var table = MemberTable.Of(version: 1, [Row(Own.Port, later, SiloStatus.Dead, Now)]);
        await MendAsync(table, identity);
        Assert.Equal(SiloAddress.New(Own, later + 1), identity.SiloAddress);
        Assert.Equal(1, MemberTable.Read(table).Version.Version);
    }

    [Fact]
    public async Task A_silo_that_does_not_answer_and_seems_to_live_in_the_future_is_declared_dead()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (living, unreachable) = (((IPEndPoint)listener.LocalEndpoint).Port, FreePort.Tcp());
        var real = MemberTable.Of(version: 1, [
            Row(living, 1, SiloStatus.Active, Now.AddHours(1)),
            Row(FreePort.Tcp(), 2, SiloStatus.Active, Now.AddHours(1)),
            Row(FreePort.Tcp(), 3, SiloStatus.Active, Now.AddDays(30)),
            Row(FreePort.Tcp(), 4, SiloStatus.Active, Now.AddSeconds(40)),
            Row(FreePort.Tcp(), 5, SiloStatus.Dead, Now.AddDays(30)),
            Row(unreachable, 6, SiloStatus.Active, Now.AddDays(30))]);
        var identity = Identity();
        await MendAsync(Fake.Over(() => real, BeforeCall), identity);

        var rows = MemberTable.Read(real).Members.Select(row => row.Item1);
        Assert.Equal([2, 3, 5], rows.Where(row => row.Status == SiloStatus.Dead).Select(row => row.SiloAddress.Generation).Order());
        Assert.Equal(3, MemberTable.Read(real).Version.Version);
        Assert.Equal(Own, identity.SiloAddress.Endpoint);

        // A silo that cannot be reached goes on writing that it lives.
        void BeforeCall(string method, object?[] arguments)
        {
            if (method == nameof(IMembershipTable.ReadRowAsync))
            {
                real.UpdateIAmAliveAsync(Row(unreachable, 6, SiloStatus.Active, Now.AddDays(30).AddSeconds(10)), CancellationToken.None).GetAwaiter().GetResult();
            }
        }
    }

    [Theory]
    [InlineData(SiloStatus.Joining, true)]
    [InlineData(SiloStatus.Active, true)]
    [InlineData(SiloStatus.Dead, false)]
    public async Task A_silo_that_is_refused_writes_that_it_has_ended_itself(SiloStatus status, bool writes)
    {
        var (own, other) = (Row(Own.Port, 7, status, Now), Row(Own.Port + 1, 7, SiloStatus.Active, Now));
        var table = MemberTable.Of(version: 1, [own, other]);
        await MemberRows.LeaveAsync(table, own.SiloAddress, TimeProvider.System);
        await MemberRows.LeaveAsync(table, SiloAddress.New(Own, 8), TimeProvider.System);

        var read = MemberTable.Read(table);
        var left = read.TryGet(own.SiloAddress)!.Item1;
        Assert.Equal((SiloStatus.Dead, writes ? 2 : 1), (left.Status, read.Version.Version));
        Assert.Equal(writes ? SiloEnd.Stopped : SiloEnd.DeclaredDead, ClusterSilos.Read(left).End);
        Assert.Equal(SiloStatus.Active, read.TryGet(other.SiloAddress)!.Item1.Status);
    }

    // The wait for signs of life passes at once.
    private static async Task MendAsync(IMembershipTable table, SiloIdentity identity)
    {
        var time = new ManualTimeProvider();
        time.MoveTo(Now - time.GetUtcNow().UtcDateTime + time.Elapsed);
        var mending = MemberRows.MendAsync(table, identity, time, NullLogger.Instance);
        while (!mending.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        await mending;
    }

    private static SiloIdentity Identity() => new(
        Options.Create(new SiloOptions { SiloName = "silo" }),
        Options.Create(new ClusterOptions { ClusterId = "kad" }),
        Options.Create(new EndpointOptions { AdvertisedIPAddress = Own.Address, SiloPort = Own.Port, GatewayPort = 30000 }));

    private static MembershipEntry Row(int port, int generation, SiloStatus status, DateTime alive) => new()
    {
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, port), generation),
        Status = status,
        IAmAliveTime = alive,
    };
}
