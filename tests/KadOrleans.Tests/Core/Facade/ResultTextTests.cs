using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;

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
            "Stored: 2 contacts stored it, this DHT holds as much as it may, this DHT sends it again.",
            new() { Stored = 2, Local = StoreResult.TotalQuotaExceeded, Publication = StoreResult.Stored }
        },
        {
            "Stored: 2 contacts stored it, this DHT holds it, this DHT does not send it again (this DHT holds as much as it may).",
            new() { Stored = 2, Local = StoreResult.Stored, Publication = StoreResult.TotalQuotaExceeded }
        },
        { "Not stored: 3 contacts refused it.", new() { Refused = 3 } },
        { "Not stored: the key does not hold what the call expects.", new() { Local = StoreResult.Superseded } },
        {
            "Not stored: the owner's item with number 7 is held, and this one's is not higher.",
            new() { Local = StoreResult.OlderItem, HeldSeq = 7 }
        },
        { "Not stored: an item of the owner is held, and this one's number is not higher.", new() { Local = StoreResult.OlderItem } },
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
    public void Each_outcome_is_said_in_words()
    {
        foreach (var outcome in Enum.GetValues<StoreResult>())
        {
            var text = new SetResult { Local = outcome }.ToString();
            Assert.True(outcome == StoreResult.Stored || !text.Contains($"{outcome}", StringComparison.Ordinal), text);
        }
    }

    [Fact]
    public void A_record_prints_what_its_lists_have()
    {
        var key = NodeId.FromKey("key");
        var counts = new Dictionary<string, long> { ["sent"] = 1, ["received"] = 2 };
        var status = new DhtStatus([new DhtNodeStatus("edge", [key], [UdpEndpoint.Parse("127.0.0.1:1")], 3, counts)]);

        Assert.Equal(
            $"DhtStatus {{ Nodes = [DhtNodeStatus {{ Name = edge, Ids = [{key}], Endpoints = [127.0.0.1:1], Contacts = 3, "
            + "Counts = [sent = 1, received = 2], NetworkSize = , IsFirst = False, Sweep =  }] }",
            status.ToString());
        Assert.Equal("KeyPage { Keys = [], Next =  }", new KeyPage([], null).ToString());
        Assert.Equal(
            "ShardDetails { Number = 0, Name = shard, Silos = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2 more], Missing = [] }",
            new ShardDetails(0, "shard", [.. Enumerable.Range(1, 12).Select(number => $"{number}")], []).ToString());
    }

    /// <summary>The compiler would print the type of a list.</summary>
    [Fact]
    public void Each_record_with_a_list_prints_all_that_it_was_made_of()
    {
        var records = new[] { typeof(IDht).Assembly, typeof(KadNode).Assembly, typeof(SqliteKadNodeBuilderExtensions).Assembly }
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => type.GetMethod("<Clone>$") is not null && type.GetProperties().Any(property => IsList(property.PropertyType)))
            .Where(type => type.GetMethod("ToString", [])!.IsDefined(typeof(CompilerGeneratedAttribute)))
            .ToList();

        Assert.Contains(typeof(BootstrapResult), records);
        Assert.All(records, type =>
        {
            var text = RuntimeHelpers.GetUninitializedObject(type).ToString()!;
            Assert.All(
                type.GetProperties().Where(property => property.CanWrite).Select(property => property.Name),
                name => Assert.Contains($" {name} = ", text, StringComparison.Ordinal));
            Assert.False(
                type.GetMethod("PrintMembers", BindingFlags.NonPublic | BindingFlags.Instance)!.IsDefined(typeof(CompilerGeneratedAttribute)), type.Name);
        });
    }

    private static bool IsList(Type type) => type != typeof(string) && typeof(System.Collections.IEnumerable).IsAssignableFrom(type);

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
