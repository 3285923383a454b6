using KadOrleans.Silo;

return await KadSilo.RunAsync(args);
