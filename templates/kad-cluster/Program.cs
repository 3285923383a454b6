using KadOrleans;
using KadOrleans.Edge;
using KadOrleans.Grains;
using KadOrleans.GrainStorage.Sqlite;
using Microsoft.Extensions.Options;

// A silo, an edge and a client of a cluster in one process; by --Role=Silo and --Role=Edge each in its own. State is in a SQLite file, which is
// for one silo; other storage of Orleans, named Kad, is for several. Other machines reach a silo when it advertises an address of its own. Then
// give the silos Kad:Cluster:GatewayKey and Kad:Cluster:SiloKey, and the edges the first of them: 'openssl rand -hex 32' makes one.
try
{
    var builder = WebApplication.CreateBuilder(args);
    var settings = builder.Configuration;
    var (isSilo, isEdge) = settings["Role"]?.ToLowerInvariant() switch
    {
        "silo" => (true, false),
        "edge" => (false, true),
        "siloandedge" or null => (true, true),
        _ => throw new FormatException($"Role is '{settings["Role"]}'; Silo, Edge and SiloAndEdge are allowed."),
    };
    var (siloPort, gatewayPort) = (ReadPort("SiloPort", 11111), ReadPort("GatewayPort", 30000));
    var data = settings["Data"] is { Length: > 0 } folder ? folder : "kad-cluster-data";
    if (isSilo)
    {
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: "kad", clusterId: "kad")
                .UseInMemoryReminderService()
                .AddSqliteGrainStorage(GrainStorageName.Kad, options => options.Folder = data)
                .UseKadGrains()
                .AddKadClient();
            if (isEdge)
            {
                silo.AddKadEdge(settings.GetSection("Kad:Edge"));
            }
        });
    }
    else
    {
        builder.UseOrleansClient(client => client
            .UseLocalhostClustering(gatewayPort, serviceId: "kad", clusterId: "kad")
            .AddKadEdge(settings.GetSection("Kad:Edge"))
            .AddKadClient());
    }

    var health = builder.Services.AddHealthChecks();
    if (isEdge)
    {
        health.AddCheck<EdgeHealth>("edge");
    }

    // 'kad token add me --file tokens.json --scope read --scope write --scope view --scope manage' makes the file and prints a token.
    if (settings["Tokens"] is { } tokens)
    {
        builder.Services.AddKadHttp(options => options.Tokens = tokens);
    }

    var app = builder.Build();
    app.MapKadHealth();
    if (settings["Tokens"] is not null)
    {
        app.MapKad();
    }

    // What the program does with the DHT: replace it by your own.
    app.MapGet("/", async (IDht dht) =>
    {
        await dht.SetAsync("greeting", "hello", SetAcknowledgement.Durable);
        var (_, greeting) = await dht.GetAsync<string>("greeting");
        return $"The DHT says {greeting}.";
    });
    await app.RunAsync();
    return 0;

    int ReadPort(string name, int byDefault) => settings[name] is not { } text ? byDefault
        : ushort.TryParse(text, out var port) && port > 0 ? port
        : throw new FormatException($"{name} is '{text}'; a port of 1 to 65535 is needed.");
}
catch (Exception mistake) when (mistake is FormatException or OptionsValidationException or GrainDatabaseException)
{
    Console.Error.WriteLine(mistake.Message);
    return 2;
}
