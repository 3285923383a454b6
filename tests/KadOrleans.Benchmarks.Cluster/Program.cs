using KadOrleans.Benchmarks.Cluster;

if (args is ["put", _, _, _, _] or ["get", _, _, _, _, _] or ["get", _, _, _, _, _, _] or ["double", _, _, _, _]
    or ["crawl", _, _, _, _, _])
{
    await ShardBenchmark.RunAsync(args);
    return 0;
}

Console.Error.WriteLine("""
    put GATEWAY FIRST KEYS BYTES                    stores keys in the shards of a silo on this machine
    get GATEWAY KEYS BYTES SECONDS AT-ONCE [HOT]    reads random ones
    double GATEWAY FIRST BYTES SECONDS              doubles the shards while keys are stored
    crawl GATEWAY PORT NODES RATE ROUNDS            crawls a network of nodes by one node and by the cluster's edges in turns
    """);
return 2;
