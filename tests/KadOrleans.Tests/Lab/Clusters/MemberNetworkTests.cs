using System.Diagnostics;

namespace KadOrleans.Tests.Lab;

public sealed class MemberNetworkTests
{
    // Nothing listens there: who reaches the other host is refused at once.
    private const int Refused = 1;
    private const int TimedOut = 124;

    [Fact]
    public async Task A_cut_drops_what_two_members_send_each_other_and_nothing_else_until_it_ends()
    {
        var obstacle = await MemberNetwork.WhyNotAsync();
        Assert.SkipWhen(obstacle is not null, obstacle ?? string.Empty);
        await using var holder = await MemberNetwork.HoldAsync();
        await using var network = await MemberNetwork.CreateAsync(MemberNetwork.EnterAs(holder));
        var (silo, other, edge) = (await network.AddAsync(), await network.AddAsync(), await network.AddAsync());

        await MemberNetwork.CutAsync(silo, network.Database);
        await MemberNetwork.CutAsync(silo, other);

        Assert.Equal(TimedOut, await ConnectAsync(silo, network.Database));
        Assert.Equal(TimedOut, await ConnectAsync(silo, other));
        Assert.Equal(TimedOut, await ConnectAsync(other, silo));
        Assert.Equal(Refused, await ConnectAsync(silo, edge));
        Assert.Equal(Refused, await ConnectAsync(edge, network.Database));

        // Whoever is beside the database has the first address, and reaches all.
        Assert.Equal(Refused, await ConnectAsync(network.Database, silo));

        Assert.InRange(await MemberNetwork.JoinAsync(silo, network.Database), 1, 100);
        Assert.InRange(await MemberNetwork.JoinAsync(silo, other), 1, 100);
        Assert.Equal(Refused, await ConnectAsync(silo, network.Database));
        Assert.Equal(Refused, await ConnectAsync(other, silo));
    }

    private static async Task<int> ConnectAsync(MemberHost from, MemberHost to)
    {
        string[] command = [.. from.Inside, "timeout", "1", "bash", "-c", $"exec 3<>/dev/tcp/{to.Address}/1"];
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}
