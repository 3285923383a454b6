using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace KadOrleans.Storage.Sqlite;

/// <summary>Chooses SQLite as a node's storage.</summary>
public static class SqliteKadNodeBuilderExtensions
{
    private const string CrawlFolder = "crawls";

    /// <summary>
    /// Keeps keys and state in one file in <paramref name="folder"/>, which is created if it is missing, and crawls in a folder in it. The
    /// host opens the file when it starts. If that fails, the start fails.
    /// </summary>
    public static KadNodeBuilder UseSqlite(this KadNodeBuilder builder, string folder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        builder.Services.AddSingleton(services => Open(
            folder, services.GetRequiredService<IOptions<KadNodeOptions>>().Value, services.GetRequiredService<ILogger<SqliteDatabase>>()));
        builder.Services.AddSingleton<IKeyStore, SqliteKeyStore>();
        builder.Services.AddSingleton<INodeStateStore, SqliteNodeStateStore>();
        builder.Services.AddSingleton<IPublicationStore, SqlitePublicationStore>();
        builder.Services.AddSingleton<IManagementStore>(_ => new SqliteManagementStore(folder));
        builder.Services.AddSingleton<ICrawlStore>(
            services => OpenCrawls(folder, services.GetRequiredService<ILogger<CrawlFiles>>()));
        return builder;
    }

    internal static CrawlFiles OpenCrawls(string folder, ILogger<CrawlFiles> logger) => new(Path.Combine(folder, CrawlFolder), logger);

    private static SqliteDatabase Open(string folder, KadNodeOptions options, ILogger<SqliteDatabase> logger) =>
        SqliteDatabase.Open(
            folder, new(options.Quota) { MaxPublications = options.MaxPublications, CacheBytes = options.CacheBytes }, logger);
}
