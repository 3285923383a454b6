using System.Globalization;

namespace KadOrleans.Grains;

// Some providers identify rows by state name and grain key, without the grain's type: no two kinds of grain share a name.
internal static class StateNames
{
    public const string Cluster = "kad-cluster";

    public const string EdgeDirectory = "kad-edges";

    public const string RoutingTable = "kad-table";

    public const string Rules = "kad-rules";

    public const string Limits = "kad-limits";

    public const string StorageCheck = "kad-storage-check";

    public static string Crawl(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-crawl-{slot:d2}");

    public static string CrawlPage(int slot, int page) => string.Create(CultureInfo.InvariantCulture, $"kad-crawl-{slot:d2}-page-{page:d6}");

    public static string AuditPage(int slot) => string.Create(CultureInfo.InvariantCulture, $"kad-audit-{slot:d3}");
}
