namespace KadOrleans.Tests.Hostile;

/// <summary>What floods under forged sources achieve, and what strangers draw.</summary>
public sealed class FloodTests
{
    private const int Seed = 20_261_121;
    private const int PerSecond = 20_000;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("Ping")]
    [InlineData("Stun")]
    [InlineData("Store")]
    [InlineData("FindNode")]
    [InlineData("FindValue")]
    [InlineData("mixed")]
    public void Newcomers_get_contacts_while_forged_requests_arrive(string kind)
    {
        RequestKind? flood = kind == "mixed" ? null : Enum.Parse<RequestKind>(kind);

        var result = NewcomerTrial.Run(Seed, flood, PerSecond, newcomers: 240, Duration);

        Assert.True(result.Share >= 0.99, $"seed {Seed}: {result}");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(64, 4)]
    public void Forged_requests_draw_a_megabyte_a_second_to_a_proven_endpoint_and_four_to_a_host(int ports, int megabytes)
    {
        var perSecond = AmplificationTrial.TowardsProven(Seed, perSecond: 4_900, TimeSpan.FromSeconds(10), ports);

        // A second's worth may come as a burst.
        Assert.True(perSecond <= 1.1 * (megabytes << 20), $"seed {Seed}: {perSecond / 1e6:0.00} MB/s");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_network_that_comes_with_ever_new_ids_is_handed_the_values_once_an_hour(bool isOneEndpoint) =>
        Assert.InRange(HandOffTrial.Run(Seed, isOneEndpoint), 1, 2 * HandOffTrial.Held);
}
