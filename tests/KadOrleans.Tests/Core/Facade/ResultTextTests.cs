namespace KadOrleans.Tests.Core;

/// <summary>What a program prints of a result says whether the value is stored.</summary>
public sealed class ResultTextTests
{
    public static readonly TheoryData<string, SetResult> Sets = new()
    {
        {
            "Stored: 5 contacts stored it, this DHT holds it, this DHT sends it again.",
            new() { Stored = 5, Local = StoreResult.Stored, Publication = StoreResult.Stored }
        },
        { "Stored: 1 contact stored it, 2 contacts refused it, 1 contact did not respond.", new() { Stored = 1, Refused = 2, Failed = 1 } },
        {
            "Stored: this DHT holds it, the network gets it later.",
            new() { Local = StoreResult.Stored, Publication = StoreResult.Stored }
        },
        {
            "Stored: 2 contacts stored it, this DHT does not hold it (TotalQuotaExceeded), this DHT sends it again.",
            new() { Stored = 2, Local = StoreResult.TotalQuotaExceeded, Publication = StoreResult.Stored }
        },
        {
            "Stored: 2 contacts stored it, this DHT holds it, this DHT does not send it again (TotalQuotaExceeded).",
            new() { Stored = 2, Local = StoreResult.Stored, Publication = StoreResult.TotalQuotaExceeded }
        },
        { "Not stored: 3 contacts refused it.", new() { Refused = 3 } },
        { "Not stored: this DHT does not hold it (Superseded).", new() { Local = StoreResult.Superseded } },
        { "Not stored: this DHT does not hold it (OlderItem, as it has number 7).", new() { Local = StoreResult.OlderItem, HeldSeq = 7 } },
        { "Not stored: no contact was found.", new() },
    };

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_set_says_whether_it_is_stored_and_by_whom(string text, SetResult result)
    {
        Assert.Equal(text, result.ToString());
        Assert.Equal(result.Succeeded, text.StartsWith("Stored", StringComparison.Ordinal));
    }

    [Fact]
    public void A_lookup_says_how_it_ended_and_nothing_of_the_value()
    {
        var lookup = new LookupOutcome
        {
            Target = NodeId.FromKey("key"),
            Reason = TerminationReason.Converged,
            Closest = [],
            Asked = 9,
            Answered = 7,
            Failed = 2,
            Hops = 3,
        };

        Assert.Equal("Converged: 7 of 9 contacts answered, 2 failed.", lookup.ToString());
        Assert.Equal(
            "ValueFound: 7 of 9 contacts answered, 2 failed; 3 gave the value, 1 another.",
            (lookup with { Reason = TerminationReason.ValueFound, Value = "secret", Agreed = 3, Differed = 1 }).ToString());
    }
}
