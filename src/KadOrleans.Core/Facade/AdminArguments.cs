namespace KadOrleans;

internal static class AdminArguments
{
    private const int Digits = NodeId.Length * 2;

    public static void Check(CrawlRequest request)
    {
        Check("rate", request.Rate, CrawlOptions.HighestRate);
        Check("number of nodes", request.MaxNodes, CrawlOptions.HighestMaxNodes);
    }

    public static ArgumentException UnknownCrawl(string? id) => new($"There is no crawl '{VisibleText.Excerpt(id ?? string.Empty)}'.");

    public static void CheckValues<T>(IReadOnlyList<T> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Check("number of values", values.Count, IDhtAdmin.MaxPage);
    }

    public static void CheckCount(int count, int most = IDhtAdmin.MaxPage) => Check("count", count, most);

    public static KeyRegion CheckPage(string prefix, int count)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        CheckCount(count);
        return prefix.Length <= Digits && NodeId.TryParse(prefix.PadRight(Digits, '0'), out var bits)
            ? new KeyRegion(bits, NodeId.Parse(new string('f', prefix.Length).PadRight(Digits, '0')))
            : throw new ArgumentException($"The prefix is '{VisibleText.Excerpt(prefix)}'; 0 to {Digits} hexadecimal digits are allowed.");
    }

    private static void Check(string what, int? value, int most)
    {
        if (value < 1 || value > most)
        {
            throw new ArgumentException($"The {what} is {value}; 1 to {most} is allowed.");
        }
    }
}
