using System.Net;
using System.Text.Encodings.Web;
using Guestbook.Host;
using KadOrleans;
using KadOrleans.Edge;
using KadOrleans.Grains;

// One program that is a silo with a grain of its own, an edge at UDP port 8468 and a web page:
// dotnet run --project samples/Guestbook.Host -- --urls=http://127.0.0.1:5000
// With --Tokens=tokens.json also /v1 and /console, for whoever has a token of that file.
var builder = WebApplication.CreateBuilder(args);
var settings = builder.Configuration;
builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Polly", LogLevel.Critical);
var edge = settings.GetSection("Edge");
builder.UseOrleans(silo => (edge.Exists() ? silo.AddKadEdge(edge) : silo.AddKadEdge())
    .UseLocalhostClustering(settings.GetValue("SiloPort", 11111), settings.GetValue("GatewayPort", 30000), serviceId: "kad", clusterId: "kad")
    .UseInMemoryReminderService()
    .AddSqliteGrainStorage(GrainStorageName.Kad, options => options.Folder = Path.Combine(settings["Data"] ?? "guestbook-data", "dht"))
    .AddSqliteGrainStorage(Guests.Storage, options => options.Folder = Path.Combine(settings["Data"] ?? "guestbook-data", "guests"))
    .UseKadGrains(options => options.OpenAssemblies.Add(typeof(IGuests).Assembly.GetName().Name!))
    .AddKadClient());
builder.Services.AddHealthChecks().AddCheck<EdgeHealth>("edge");
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

app.MapGet("/", async (IDht dht) =>
{
    var (found, last) = await dht.GetAsync<string>("guestbook");
    var sentence = found ? $"The last guest was {HtmlEncoder.Default.Encode(last!)}." : "Nobody was here before.";
    return Results.Content(
        $"""<!doctype html><title>Guestbook</title><p>{sentence}</p><form method="post"><input name="guest" maxlength="100" required><button>Sign</button></form>""",
        "text/html; charset=utf-8");
});
app.MapPost("/", async (HttpRequest request, IGrainFactory grains) =>
{
    var guest = (await request.ReadFormAsync()).TryGetValue("guest", out var text) ? text.ToString() : string.Empty;
    if (guest.Length is 0 or > 100)
    {
        return Results.Text("A name of 1 to 100 characters is needed.", statusCode: (int)HttpStatusCode.BadRequest);
    }

    var count = await grains.GetGrain<IGuests>(0).SignAsync(guest);
    return Results.Text($"{guest} is guest number {count}.");
});
await app.RunAsync();
