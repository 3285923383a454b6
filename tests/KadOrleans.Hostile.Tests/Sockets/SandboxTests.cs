using KadOrleans.Hostile.Sockets;

namespace KadOrleans.Hostile.Tests.Sockets;

public sealed class SandboxTests
{
    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_node_in_a_sandbox_answers_newcomers_and_proven_peers_while_nobody_attacks()
    {
        var obstacle = Sandbox.WhyNot();
        Assert.SkipWhen(obstacle is not null, obstacle ?? string.Empty);

        var result = await SocketAttacks.RunAsync("flood", "--rate", "0", "--seconds", "1", "--newcomers", "20");

        Assert.True((int)result["full"]! == 20 && (int)result["provenAnswers"]! > 0, result.ToJsonString());
    }
}
