using KadOrleans.Storage.Sqlite;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses SQLite as a node's storage.</summary>
/// <remarks>In this namespace, as programs that register services have it already.</remarks>
public static class SqliteKadNodeBuilderExtensions
{
    /// <summary>
    /// Keeps values, id, contacts and publications in one file in <paramref name="folder"/>, which is created if it is missing. Bans, limits
    /// and crawls are beside it. The file opens when the node starts. If that fails, the start fails with a <see cref="KeyStoreException"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The node keeps its values in a folder already.</exception>
    public static KadNodeBuilder UseSqlite(this KadNodeBuilder builder, string folder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (builder.Services.Any(static service => service.ServiceType == typeof(SqliteDatabase)))
        {
            throw new InvalidOperationException($"UseSqlite('{folder}'): the node has a folder already, by an earlier UseSqlite, and may have only one.");
        }

        builder.Services.AddSingleton(services => Open(
            folder,
            services.GetRequiredService<IOptions<KadNodeOptions>>().Value,
            services.GetRequiredService<ILogger<SqliteDatabase>>(),
            services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IKeyStore, SqliteKeyStore>();
        builder.Services.AddSingleton<INodeStateStore, SqliteNodeStateStore>();
        builder.Services.AddSingleton<IPublicationStore, SqlitePublicationStore>();
        builder.Services.AddSingleton<IClockStore, SqliteClockStore>();
        builder.Services.AddSingleton<IManagementStore>(_ => new SqliteManagementStore(folder));
        builder.Services.AddSingleton<ICrawlStore>(
            services => new CrawlFiles(Path.Combine(folder, CrawlFiles.Folder), services.GetRequiredService<ILogger<CrawlFiles>>()));
        return builder;
    }

    private static SqliteDatabase Open(string folder, KadNodeOptions options, ILogger<SqliteDatabase> logger, TimeProvider time) =>
        SqliteDatabase.Open(
            folder,
            new(options.Quota)
            {
                MaxPublications = options.MaxPublications,
                CacheBytes = options.CacheBytes,
                RepublishInterval = options.Kademlia.RepublishInterval,
            },
            logger,
            time);
}
