var builder = DistributedApplication.CreateBuilder(args);

// One silo on SQLite, or two on PostgreSQL: --ConnectionStrings:orleans="Host=127.0.0.1;Database=orleans;Username=kad;Password=kad"
var isOnPostgreSql = builder.Configuration["ConnectionStrings:orleans"] is not null;
var kad = builder.AddKadCluster("kad", silos: isOnPostgreSql ? 2 : 1)
    .WithEdge("edge-1")
    .WithEdge("edge-2");
if (isOnPostgreSql)
{
    kad.WithPostgreSql(builder.AddConnectionString("orleans"));
}

builder.AddProject<Projects.Guestbook_Cluster>("guestbook")
    .WithArgs("--Visitor=Ada")
    .WithReference(kad)
    .WaitFor(kad);

await builder.Build().RunAsync();
