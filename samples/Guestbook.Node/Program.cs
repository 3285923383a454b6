using Guestbook;
using KadOrleans.Node;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

// dotnet run --project samples/Guestbook.Node -- --Visitor=Ada --Kad:Bootstrap:0=node.example.org:8468
var builder = Host.CreateApplicationBuilder(args);

// Without a setting of Kad the node is the first of its network.
var kad = builder.Configuration.GetSection("Kad");
var node = kad.Exists() ? builder.Services.AddKadNode(kad) : builder.Services.AddKadNode();
node.UseUdp(builder.Configuration["Listen"] ?? "0.0.0.0:8468")
    .UseSqlite(builder.Configuration["Data"] ?? "guestbook-data");
builder.Services.AddHostedService<Visit>();

// The host would log a port in use, or a folder in use, with its stack.
builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
try
{
    await builder.Build().RunAsync();
    return 0;
}
catch (Exception e) when (e is TransportException or KeyStoreException or OptionsValidationException)
{
    await Console.Error.WriteLineAsync($"{e.Message} --Listen=IP:PORT and --Data=DIR choose another port and folder.");
    return 1;
}
