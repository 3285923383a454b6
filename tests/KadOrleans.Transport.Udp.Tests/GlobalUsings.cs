global using KadOrleans.Core;
global using KadOrleans.Node.Ports;
