using KadOrleans.Node;
using KadOrleans.Node.Hosting;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KadOrleans.Storage.Sqlite.Hosting;

/// <summary>Chooses SQLite as a node's storage.</summary>
public static class SqliteKadNodeBuilderExtensions
{
    /// <summary>
    /// Keeps keys and state in one file in <paramref name="folder"/>, which is made if it is missing. The file is
    /// opened when the host starts; if it can't be, the host does not.
    /// </summary>
    public static KadNodeBuilder UseSqlite(this KadNodeBuilder builder, string folder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        builder.Services.AddSingleton(services => SqliteDatabase.Open(
            folder,
            services.GetRequiredService<IOptions<KadNodeOptions>>().Value.Quota,
            services.GetRequiredService<ILogger<SqliteDatabase>>(),
            services.GetRequiredService<IOptions<KadNodeOptions>>().Value.MaxPublications));
        builder.Services.AddSingleton<IKeyStore, SqliteKeyStore>();
        builder.Services.AddSingleton<INodeStateStore, SqliteNodeStateStore>();
        builder.Services.AddSingleton<IPublicationStore, SqlitePublicationStore>();
        return builder;
    }
}
