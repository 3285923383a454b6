using System.Net;
using KadOrleans.Grains.Silos;

namespace KadOrleans.Grains.Tests.Silos;

/// <summary>What is told of a silo, by what is known of it.</summary>
public sealed class SiloListingTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 3, 0, 0, 500, TimeSpan.Zero);

    private static readonly DateTimeOffset WholeSeconds = Now.AddMilliseconds(-500);

    private static readonly SiloReport Report = new("silo-1", "1.2.3", false, "clock skew", TimeSpan.FromHours(1), TimeSpan.FromSeconds(-20.0004), true);

    private static readonly StoredSilo Stored = new(SiloStatus.Active, "stored", Now.AddHours(-2), Now.AddMinutes(-1));

    [Fact]
    public void What_a_silo_says_of_itself_comes_before_the_table() => Assert.Equal(
        new SiloDetails(At(1).ToString(), "silo-1", "Active", WholeSeconds.AddHours(-1), WholeSeconds, TimeSpan.FromSeconds(-20), "1.2.3", false, "clock skew", true),
        Assert.Single(ListOf([(At(1), SiloStatus.Active)], [(At(1), Stored)], [(At(1), new SiloAnswer(Report, null))])));

    [Fact]
    public void Of_a_silo_that_does_not_respond_the_table_tells() => Assert.Equal(
        new SiloDetails(At(1).ToString(), "stored", "Active", WholeSeconds.AddHours(-2), WholeSeconds.AddMinutes(-1), null, null, false, "it does not respond", false),
        Assert.Single(ListOf([(At(1), SiloStatus.Active)], [(At(1), Stored)], [(At(1), new SiloAnswer(null, "it does not respond"))])));

    [Fact]
    public void Without_the_table_what_the_membership_says_is_left() => Assert.Equal(
        new SiloDetails(At(1).ToString(), null, "Joining", null, null, null, null, false, null, false),
        Assert.Single(ListOf([(At(1), SiloStatus.Joining)], [], [])));

    [Fact]
    public void A_silo_that_is_in_the_table_alone_is_told_too() => Assert.Equal(
        (At(1).ToString(), "Active", "stored"),
        Assert.Single(ListOf([], [(At(1), Stored)], [])) is var silo ? (silo.Address, silo.State, silo.Name) : default);

    [Fact]
    public void Dead_silos_are_last_and_few()
    {
        var dead = Enumerable.Range(1, SiloListing.MaxDead + 5).Select(generation => (At(generation), SiloStatus.Dead));

        var list = ListOf([.. dead, (At(98), SiloStatus.ShuttingDown), (At(99), SiloStatus.Active)], [], []);

        Assert.Equal(
            [(At(98).ToString(), "ShuttingDown"), (At(99).ToString(), "Active"), .. Enumerable.Range(6, SiloListing.MaxDead).Reverse().Select(generation => (At(generation).ToString(), "Dead"))],
            list.Select(silo => (silo.Address, silo.State)));
    }

    private static SiloAddress At(int generation) => SiloAddress.New(IPAddress.Loopback, 11111, generation);

    private static IReadOnlyList<SiloDetails> ListOf(
        (SiloAddress, SiloStatus)[] known, (SiloAddress, StoredSilo)[] stored, (SiloAddress, SiloAnswer)[] answers) => SiloListing.Of(
        known.ToDictionary(), stored.ToDictionary(), answers.ToDictionary(), Now);
}
