using Guestbook;
using KadOrleans.Node;
using KadOrleans.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// dotnet run --project samples/Guestbook.Node -- --Visitor=Ada --Kad:Bootstrap:0=node.example.org:8468
var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddKadNode(builder.Configuration.GetSection("Kad"))
    .UseUdp(builder.Configuration["Listen"] ?? "0.0.0.0:8468")
    .UseSqlite(builder.Configuration["Data"] ?? "guestbook-data");
builder.Services.AddHostedService<Visit>();
await builder.Build().RunAsync();
