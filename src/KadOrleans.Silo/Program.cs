using KadOrleans.Silo.Hosting;

return await SiloProgram.RunAsync(args, Console.Out, Console.Error);
