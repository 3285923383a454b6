using Guestbook;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// dotnet run --project samples/Guestbook.PostgreSql -- --Visitor=Ada \
//     "--ConnectionStrings:Orleans=Host=127.0.0.1;Database=orleans;Username=kad;Password=kad"
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Polly", LogLevel.Critical);
builder.UseOrleansClient(client => client
    .UseAdoNetClustering(options =>
    {
        options.Invariant = "Npgsql";
        options.ConnectionString = builder.Configuration.GetConnectionString("Orleans");
    })
    .Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("kad", "kad"))
    .AddKadClient());
builder.Services.AddHostedService<Visit>();
await builder.Build().RunAsync();
