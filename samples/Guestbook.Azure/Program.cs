using Azure.Data.Tables;
using Azure.Identity;
using Guestbook;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// dotnet run --project samples/Guestbook.Azure -- --Visitor=Ada --Tables=https://ACCOUNT.table.core.windows.net
// Against Azurite: --ConnectionStrings:Orleans=UseDevelopmentStorage=true in place of --Tables.
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Polly", LogLevel.Critical);
var tables = builder.Configuration.GetConnectionString("Orleans") is { } connectionString
    ? new TableServiceClient(connectionString)
    : new TableServiceClient(
        new Uri(builder.Configuration["Tables"] ?? throw new InvalidOperationException("--Tables is missing: the address of the table service.")),
        new DefaultAzureCredential());
builder.UseOrleansClient(client => client
    .UseAzureStorageClustering(options => options.TableServiceClient = tables)
    .Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("kad", "kad"))
    .AddKadClient());
builder.Services.AddHostedService<Visit>();
await builder.Build().RunAsync();
