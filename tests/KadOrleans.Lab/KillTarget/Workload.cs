using KadOrleans.Core.Items;

namespace KadOrleans.Lab;

/// <summary>What the process writes and says, so that whoever started it knows what to expect.</summary>
internal static class Workload
{
    /// <summary>Said once the database is open.</summary>
    public const string Opened = "open";

    /// <summary>How many write at once. The numbers of a writer are that many apart.</summary>
    public const int Writers = 64;

    private const string Prefix = "value ";

    private const string Acknowledged = "stored ";

    /// <summary>Ends every line about a value: a line that was cut off by the kill lacks it.</summary>
    private const string End = ".";

    // Keys of rewriting: few enough for the log to be collected again and again. Each is one writer's alone, so that its numbers ascend.
    private const int RewrittenKeys = 2 * Writers;

    // Length of their values: after two thousand of them half of the log is worth collecting.
    private const int RewrittenLength = 4000;

    private static readonly DateTimeOffset StoredAt = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static NodeId Key(int number) => NodeId.FromKey($"{Prefix}{number}");

    public static StoredValue Value(int number) => ValueOf($"{Prefix}{number}");

    public static NodeId RewrittenKey(int number) => Key(number % RewrittenKeys);

    public static StoredValue RewrittenValue(int number) => ValueOf($"{Prefix}{number}".PadRight(RewrittenLength));

    /// <summary>An item of the owner whose sequence number says the number; its key is one writer's alone.</summary>
    public static Item KeptItem(int number) => SignedItems.Sign(number, $"i{number}e", $"kept {number % RewrittenKeys}");

    /// <summary>It is kept for its owner, but for those that follow one that is.</summary>
    public static StoredValue KeptValue(Item item) => new StoredValue(item.ToValue(), StoredAt, KeptUntil, default)
    {
        IsKept = item.Seq < RewrittenKeys,
    };

    public static DateTimeOffset KeptUntil { get; } = StoredAt.AddDays(3_000);

    /// <summary>The number in a value that was written so.</summary>
    public static int NumberOf(StoredValue value) => int.Parse(
        value.Value.AsString().AsSpan()[Prefix.Length..].TrimEnd(), CultureInfo.InvariantCulture);

    /// <summary>The line that says that a value is stored.</summary>
    public static string Acknowledge(int number) => $"{Acknowledged}{number}{End}";

    /// <summary>The number in such a line. False for any other or for one that was cut off.</summary>
    public static bool TryParseAcknowledgement(string line, out int number)
    {
        number = 0;
        return line.StartsWith(Acknowledged, StringComparison.Ordinal)
            && line.EndsWith(End, StringComparison.Ordinal)
            && int.TryParse(line.AsSpan()[Acknowledged.Length..^End.Length], CultureInfo.InvariantCulture, out number);
    }

    private static StoredValue ValueOf(string text) => new(DhtValue.FromString(text), StoredAt, StoredAt.AddDays(1), default);
}
