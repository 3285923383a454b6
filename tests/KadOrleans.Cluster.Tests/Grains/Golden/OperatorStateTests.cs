using static KadOrleans.Cluster.Tests.Grains.ClusterFixture;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What operators set and changed is read as it was stored. The bytes never change.</summary>
public sealed class OperatorStateTests
{
    private const string Rules =
        "MAFVxp2dHWthZC5SdWxlc1N0YXRlABkBHSEABSFAHTIwMy4wLjExMy4wLzI0IYBQfF3WIjncCIEAAAAAAAAAAODgIEBRZmZmZmZmZmZmZmZmZmZmZmZmZmZm"
        + "ZmZmZmZmZmZmZmZmZmZmZmZmZiGAUDzHAOw53AiBAAAAAAAAAADg4ODg";

    private const string Limits =
        "MAEvvCPQH2thZC5MaW1pdHNTdGF0ZQAZAQ0hAAMhQBN0b3RhbEtleXMBBBJ6IYBQfF3WIjncCIEAAAAAAAAAAODg4OA=";

    private const string Audit =
        "MAEG4eoPJWthZC5BdWRpdFBhZ2VTdGF0ZQAZAckhAAMhIIBQfF3WIjncCIEAAAAAAAAAAOBBEW9wZXJhdG9yQQdiYW5BHTIwMy4wLjExMy4wLzI0AQNBDWJh"
        + "bm5lZODg4A==";

    private static readonly DateTimeOffset Time = new(2024, 2, 29, 12, 34, 56, 789, TimeSpan.Zero);

    [Fact]
    public void States_of_operators_are_read_as_they_were_meant()
    {
        AssertRead(
            Rules,
            new RulesState
            {
                SchemaVersion = 6,
                Version = 7,
                Bans = [new BanState("203.0.113.0/24", Time), new BanState(new string('f', 40), Time.AddDays(1))],
            });
        var limit = new LimitState("totalKeys", 500_000, Time);
        AssertRead(Limits, new LimitsState { SchemaVersion = 6, Version = 3, Limits = [limit] });
        var entry = new AuditEntryState(Time, "operator", "ban", "203.0.113.0/24", true, "banned");
        AssertRead(Audit, new AuditPageState { SchemaVersion = 6, First = 50, Entries = [entry] });
    }

    private static void AssertRead(string golden, object expected)
    {
        Assert.Equal(golden, Convert.ToBase64String(Serializer.SerializeToArray(expected)));
        Deep.Equal(expected, Serializer.Deserialize<object>(Convert.FromBase64String(golden)));
    }
}
