using KadOrleans.Hostile.Simulated;
using KadOrleans.Wire;

namespace KadOrleans.Hostile.Tests.Simulated;

/// <summary>What floods under forged sources achieve, and what they draw.</summary>
public sealed class FloodTests
{
    private const int Seed = 20_261_121;
    private const int PerSecond = 20_000;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("Ping")]
    [InlineData("Stun")]
    [InlineData("Store")]
    public void Newcomers_get_contacts_while_forged_requests_arrive(string kind)
    {
        var result = NewcomerTrial.Run(Seed, Enum.Parse<RequestKind>(kind), PerSecond, newcomers: 240, Duration);

        Assert.True(result.Share >= 0.99, $"seed {Seed}: {result}");
    }
}
