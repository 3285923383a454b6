namespace KadOrleans.Tests.Hostile;

/// <summary>
/// Attacks over real sockets on a node that is a process of its own. KAD_HOSTILE_SECONDS makes the flood longer than by default.
/// </summary>
public sealed class SocketAttackTests
{
    [Fact]
    public async Task Newcomers_get_contacts_while_forged_requests_arrive()
    {
        var seconds = double.Parse(Environment.GetEnvironmentVariable("KAD_HOSTILE_SECONDS") ?? "3", CultureInfo.InvariantCulture);

        var result = await RunAsync("flood", new() { Seconds = seconds });

        // What the kernel dropped, as this machine was too busy to read it, no node could answer.
        var (asked, answered) = ((int)result["newcomers"]!, (int)result["answered"]!);
        var dropped = (double)result["kernelDrops"]! / (double)result["sent"]!;
        Assert.True(answered >= asked * (0.99 - (2 * dropped)), result.ToJsonString());
        Assert.True((int)result["memoryMost"]! < 512, result.ToJsonString());
        Assert.True((int)result["provenAnswers"]! > 0, result.ToJsonString());
    }

    [Fact]
    public async Task Gets_are_answered_while_keys_that_were_chosen_to_collide_are_stored()
    {
        var result = await RunAsync("collision", new() { Rate = 4_500, Seconds = 12, Colliding = true });

        // A busy machine loses some of them whatever the keys are. With one hash code for all keys none is answered from 7 s on.
        var (gets, answered) = ((int)result["gets"]!, (int)result["getsAnswered"]!);
        Assert.True(answered >= gets * 0.9, result.ToJsonString());
        Assert.True((int)result["stored"]! >= (int)result["sent"]! * 0.9, result.ToJsonString());
    }

    private static Task<JsonNode> RunAsync(string attack, SocketAttackOptions? options = null)
    {
        var obstacle = Sandbox.WhyNot();
        Assert.SkipWhen(obstacle is not null, obstacle ?? string.Empty);
        return SocketAttacks.RunAsync(attack, options);
    }
}
