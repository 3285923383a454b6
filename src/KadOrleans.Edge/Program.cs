return await KadOrleans.Edge.Hosting.EdgeProgram.RunAsync(args, Console.Out, Console.Error);
