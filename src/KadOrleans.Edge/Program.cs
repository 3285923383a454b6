using KadOrleans.Edge;

return await KadEdge.RunAsync(args);
